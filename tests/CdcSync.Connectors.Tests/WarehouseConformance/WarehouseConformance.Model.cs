using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

public abstract partial class WarehouseConformance
{
    private int _modelled;

    [Theory]
    [InlineData(DeleteMode.Hard)]
    [InlineData(DeleteMode.Soft)]
    public void Any_sequence_of_publications_leaves_what_a_dictionary_would_hold(DeleteMode deletes) =>
        // A failure prints the seed and the shortest sequence that fails.
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(40), Prop.ForAll(ModelStep.Sequences, steps => RunModelAsync(deletes, steps).GetAwaiter().GetResult()));

    private async Task RunModelAsync(DeleteMode deletes, ModelStep[] steps)
    {
        var name = $"model-{deletes.ToString().ToLowerInvariant()}-{_modelled++}";
        var dataset = await EnsuredAsync(TestDatasets.Accounts(deletes) with { Id = new DatasetId(name), Target = new TargetTable(null, name) });
        var model = new PublicationModel(deletes);
        // On a busy machine the sequences take longer than one lease.
        Lease = (await Control.RenewLeaseAsync(Lease, TimeSpan.FromMinutes(5), default))!;
        var generation = 0L;
        foreach (var step in steps)
        {
            var publication = await Warehouse.OpenPublicationAsync(Lease, default);
            await using (publication)
            {
                var part = await StageAsync(publication, dataset, step.Mode, step.Changes);
                if (step.Fate == Fate.Superseded)
                    Assert.Equal(PublicationOutcome.Superseded, (await publication.PublishAsync([part with { Move = Move(generation + 1) }], default)).Outcome);
                if (step.Fate == Fate.Published)
                {
                    var result = await publication.PublishAsync([part], default);
                    Assert.Equal((PublicationOutcome.Committed, model.Publish(step.Mode, step.Changes)), (result.Outcome, Assert.Single(result.Stats)));
                    generation++;
                }
            }
            Assert.Equal(model.Live, await LiveAsync(dataset));
            Assert.Equal(model.Deleted, await DeletedAsync(dataset));
            Assert.Equal(generation, (await CheckpointAsync(dataset))?.Generation ?? 0);
        }
    }
}
