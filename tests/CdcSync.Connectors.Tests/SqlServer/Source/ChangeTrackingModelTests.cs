using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Connectors.Tests.SqlServer.Model;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using FsCheck;
using FsCheck.Fluent;
using static CdcSync.Connectors.Tests.SqlServer.Model.TrackedWorld;

namespace CdcSync.Connectors.Tests.SqlServer.Source;

/// <summary>Random histories with races between the reader's own steps: in the end the copy equals the table, and never did it differ in silence.</summary>
public sealed class ChangeTrackingModelTests
{
    /// <summary>One step of others, and at which of the reader's steps it happens; as numbers that any state can make sense of, so that a failing run can be made smaller.</summary>
    public sealed record Step(int Action, int Key, int Other, int At);

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void Whatever_happens_between_any_two_steps_of_the_reader_no_change_is_lost_in_silence(bool allowsSnapshot, bool hasTextKey)
    {
        var steps = (from action in Gen.Choose(0, 99)
                     from key in Gen.Choose(0, 5)
                     from other in Gen.Choose(0, 5)
                     from at in Gen.Choose(0, 14)
                     select new Step(action, key, other, at)).ListOf().Resize(40);
        Prop.ForAll(steps.ToArbitrary(), list => new Run(allowsSnapshot, hasTextKey).PlayAsync([.. list]).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    private sealed class Run
    {
        private readonly TrackedWorld _world = new();
        private readonly Follower _follower;
        private readonly bool _hasTextKey;
        private readonly Queue<Step> _others = [];
        private Action? _restore;
        private bool _mayBeStopped;
        private bool _isSwitched;
        private int _at;

        public Run(bool allowsSnapshot, bool hasTextKey)
        {
            _world.Server.AllowsSnapshot = allowsSnapshot;
            _hasTextKey = hasTextKey;
            _follower = _world.Table("a", hasTextKey);
        }

        public async Task PlayAsync(Step[] steps)
        {
            await _follower.LoadAsync(_world.Source);
            _world.Server.Between = () =>
            {
                _at++;
                while (_others.TryPeek(out var next) && next.At <= _at) Do(_others.Dequeue());
            };
            foreach (var part in steps.Chunk(5))
            {
                foreach (var step in part.OrderBy(s => s.At)) _others.Enqueue(step);
                _at = 0;
                await PassAsync();
            }

            _world.Server.Between = null;
            while (_others.TryDequeue(out var left)) Do(left);
            for (var pass = 0; pass < 3; pass++) await PassAsync();
            Assert.Equal(_world.Rows("a").Values.Order(StringComparer.Ordinal), _follower.Rows.Values.Order(StringComparer.Ordinal));
        }

        private async Task PassAsync()
        {
            _world.Server.LastSnapshot = null;
            _isSwitched = false;
            try
            {
                var reading = await _follower.CatchUpAsync(_world.Source);
                // Each window is a state the source had. Not so where tracking was switched between the catalogue and the transaction; the next reading notices that.
                if (reading.State is ReadingState.Changed && _world.Server.AllowsSnapshot && !_isSwitched)
                    Assert.Equal(_world.Server.LastSnapshot!["dbo.a"].Rows.Select(r => RowText.Of(r.Value)).Order(StringComparer.Ordinal), _follower.Rows.Values.Order(StringComparer.Ordinal));
                if (reading.Fault is null) return;
                Assert.True(_mayBeStopped, $"stopped without a cause: {reading.Fault}");
            }
            catch (CdcSyncException e) when (e.Code.Exit == ExitCode.ResyncRequired || e.IsTransient)
            {
                Assert.True(_mayBeStopped || e.IsTransient, $"stopped without a cause: {e}");
                if (e.IsTransient) return;
            }

            // What the gap policy resnapshot does: all again. Quiet, so that it is over sometime.
            var between = _world.Server.Between;
            _world.Server.Between = null;
            _follower.Rows.Clear();
            await _follower.LoadAsync(_world.Source);
            _world.Server.Between = between;
        }

        private void Do(Step step)
        {
            var server = _world.Server;
            switch (step.Action)
            {
                case < 45: server.Commit(Put("a", Key(step.Key), $"v{step.Other}")); break;
                case < 60: server.Commit(Delete("a", Key(step.Key))); break;
                case < 70: server.Commit(Delete("a", Key(step.Key)), Put("a", Key(step.Key), $"again {step.Other}")); break;
                case < 82 when server.Tables["dbo.a"].Rows.ContainsKey([Key(step.Key)]) && !server.Tables["dbo.a"].Rows.Keys.Any(k => KeyOrder.Of(server.Tables["dbo.a"].Definition).Compare(k, [Key(step.Other)]) == 0 && step.Key != step.Other):
                    server.Commit(Put("a", Written(step.Other, step.At), "moved", oldId: server.Tables["dbo.a"].Rows.Keys.First(k => KeyOrder.Of(server.Tables["dbo.a"].Definition).Compare(k, [Key(step.Key)]) == 0)[0]));
                    break;
                case < 88:
                    server.Lift("dbo.a", server.Version - step.Key);
                    _mayBeStopped = true;
                    break;
                case < 92: server.Sweep("dbo.a"); break;
                case < 94:
                    server.Truncate("dbo.a");
                    _mayBeStopped = true;
                    break;
                case < 96:
                    server.SwitchOffAndOn("dbo.a", Put("a", Key(step.Key), "unrecorded"));
                    _mayBeStopped = _isSwitched = true;
                    break;
                case < 98: _restore ??= server.BackUp(); break;
                default:
                    if (_restore is not null) _mayBeStopped = true;
                    _restore?.Invoke();
                    break;
            }
        }

        private object Key(int key) => _hasTextKey ? $"key {key}" : (object)(long)key;

        private object Written(int key, int how) => _hasTextKey ? (how % 3) switch { 0 => $"KEY {key}", 1 => $"key {key} ", _ => $"key {key}" } : (object)(long)key;
    }
}
