using System.Text;
using CdcSync.Connectors.Postgres.Source.Replication;
using CdcSync.Core.Batches;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Connectors.Tests.Postgres.Source.Replication;

/// <summary>The fold against a dictionary: rows of (value, key, other), the key in the middle.</summary>
public sealed class FoldedRowsTests
{
    private const string Unchanged = "\u0001";

    [Fact]
    public void The_last_change_of_a_key_stays_at_the_place_of_the_last_change()
    {
        using var rows = new FoldedRows(3, [1]);
        Upsert(rows, "a", "1", "x");
        Upsert(rows, "b", "2", "y");
        Upsert(rows, "c", "1", null);
        Assert.Equal(["Upsert 2: b, y", "Upsert 1: c, null"], Say(rows));
        Delete(rows, "2");
        Assert.Equal(["Upsert 1: c, null", "Delete 2"], Say(rows));
        rows.Clear();
        Assert.Empty(Say(rows));
    }

    [Fact]
    public void A_value_that_is_not_sent_again_is_that_of_the_row_before()
    {
        using var rows = new FoldedRows(3, [1]);
        Upsert(rows, "a", "1", new string('x', 5_000));
        Upsert(rows, "b", "1", Unchanged);
        Assert.Equal([$"Upsert 1: b, {new string('x', 5_000)}"], Say(rows));
        Upsert(rows, "c", "2", Unchanged);
        Assert.Equal([$"Upsert 1: b, {new string('x', 5_000)}", "Upsert 2: c, ? open"], Say(rows));
    }

    [Fact]
    public void A_value_that_is_not_sent_again_goes_with_its_row_to_another_key()
    {
        using var rows = new FoldedRows(3, [1]);
        Upsert(rows, "a", "1", "long");
        var before = Delete(rows, "1");
        Upsert(rows, "b", "2", Unchanged, before);
        Assert.Equal(["Delete 1", "Upsert 2: b, long"], Say(rows));
    }

    [Fact]
    public void A_row_that_was_deleted_lends_nothing_to_the_next_of_its_key()
    {
        using var rows = new FoldedRows(3, [1]);
        Upsert(rows, "a", "1", "long");
        Delete(rows, "1");
        Upsert(rows, "b", "1", Unchanged);
        Assert.Equal(["Upsert 1: b, ? open"], Say(rows));
    }

    [Fact]
    public void Whatever_changes_come_the_rows_are_those_of_a_dictionary()
    {
        var step = from key in Gen.Choose(0, 6) from other in Gen.Choose(0, 6) from action in Gen.Choose(0, 9) select (key, other, action);
        Prop.ForAll(Arb.From(step.ArrayOf()), steps =>
        {
            using var rows = new FoldedRows(3, [1]);
            var model = new Dictionary<string, string>();
            var order = new List<string>();
            void Set(string key, string value)
            {
                model[key] = value;
                order.Remove(key);
                order.Add(key);
            }

            foreach (var ((key, other, action), i) in steps.Select((s, i) => (s, i)))
            {
                var (k, o) = ($"{key}", $"{other}");
                switch (action)
                {
                    case < 4:
                        Upsert(rows, $"v{i}", k, $"w{i}");
                        Set(k, $"Upsert {k}: v{i}, w{i}");
                        break;
                    case < 6:
                        Delete(rows, k);
                        Set(k, $"Delete {k}");
                        break;
                    case < 8:
                        var kept = model.TryGetValue(k, out var had) && had.StartsWith("Upsert", StringComparison.Ordinal) ? had[(had.IndexOf(", ", StringComparison.Ordinal) + 2)..] : "? open";
                        Upsert(rows, $"v{i}", k, Unchanged);
                        Set(k, $"Upsert {k}: v{i}, {kept}");
                        break;
                    case var _ when k != o:
                        var taken = model.TryGetValue(k, out var moved) && moved.StartsWith("Upsert", StringComparison.Ordinal) ? moved[(moved.IndexOf(", ", StringComparison.Ordinal) + 2)..] : null;
                        var before = Delete(rows, k);
                        Set(k, $"Delete {k}");
                        Upsert(rows, $"v{i}", o, Unchanged, before);
                        Set(o, $"Upsert {o}: v{i}, {taken ?? "? open"}");
                        break;
                }
            }

            Assert.Equal(order.Select(k => model[k]), Say(rows));
            Assert.Equal(order.Count, rows.Count);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    private static void Upsert(FoldedRows rows, string? value, string key, string? other, int? before = null)
    {
        var (message, fields) = Row(value, key, other);
        rows.AddUpsert(new RowFields(message, fields, null, OldForm.None, Places), 1, before);
    }

    private static int Delete(FoldedRows rows, string key)
    {
        var (message, fields) = Row(null, key, null);
        return rows.AddDelete(new RowFields(message, fields, null, OldForm.None, Places), 1);
    }

    private static ColumnPlaces Places { get; } = new([0, 1, 2], [false, true, false]);

    /// <summary>The fields as the log would tell them.</summary>
    private static (byte[] Message, TupleFields Fields) Row(params string?[] values)
    {
        var message = new List<byte> { 0, (byte)values.Length };
        foreach (var value in values)
        {
            if (value is null) message.Add((byte)'n');
            else if (value == Unchanged) message.Add((byte)'u');
            else message.AddRange([(byte)'b', .. BitConverter.GetBytes(System.Net.IPAddress.HostToNetworkOrder(value.Length)), .. Encoding.UTF8.GetBytes(value)]);
        }
        var fields = new TupleFields();
        var reader = new MessageReader(message.ToArray());
        fields.Read(ref reader);
        return (message.ToArray(), fields);
    }

    private static List<string> Say(FoldedRows rows)
    {
        var said = new List<string>();
        foreach (var row in rows.Live())
        {
            var fields = rows.Fields(row);
            var texts = new string[3];
            foreach (var column in rows.Order)
            {
                var field = fields.Next();
                texts[column] = field.Form switch { FieldForm.Null => "null", FieldForm.Unchanged => "?", _ => Encoding.UTF8.GetString(field.Value) };
            }
            said.Add(rows.Kind(row) == ChangeKind.Delete ? $"Delete {texts[1]}" : $"Upsert {texts[1]}: {texts[0]}, {texts[2]}{(rows.IsOpen(row) ? " open" : "")}");
        }
        return said;
    }
}
