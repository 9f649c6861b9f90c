namespace CdcSync.Arrow.Tests;

public sealed class RecordBatchTests
{
    private static readonly Schema People = new(
        [new("id", Int64Type.Default, nullable: false), new("name", StringType.Default, nullable: true)],
        new Dictionary<string, string> { ["origin"] = "test" });

    [Fact]
    public void A_builder_makes_batches_of_its_schema()
    {
        var builder = new RecordBatchBuilder(People);
        ((FixedWidthBuilder<long>)builder[0]).Append(1);
        ((VarLengthBuilder)builder[1]).Append("Ada");
        ((FixedWidthBuilder<long>)builder[0]).Append(2);
        builder[1].AppendNull();
        Assert.Equal(2, builder.Length);
        Assert.Equal(16 + 12 + 3 + 1, builder.ByteSize);
        var batch = builder.Build();
        Assert.Equal(32, batch.ByteSize);
        Assert.Equal((2, 2, 0), (batch.Length, batch.ColumnCount, builder.Length));
        Assert.Equal("Ada", ((VarLengthArray)batch.Column("name")).GetString(0));
        Assert.Same(batch.Column(1), batch.Column("name"));
        Assert.True(batch.Column("name").IsNull(1));
        Assert.Equal("Ada", ((VarLengthArray)batch.Take([1, 0]).Column(1)).GetString(1));
        Assert.Equal(2, ((FixedWidthArray<long>)batch.Slice(1, 1).Column(0))[0]);
    }

    [Fact]
    public void Columns_of_different_lengths_do_not_make_a_batch()
    {
        var builder = new RecordBatchBuilder(People);
        ((FixedWidthBuilder<long>)builder[0]).Append(1);
        var error = Assert.Throws<InvalidOperationException>(builder.Build);
        Assert.Contains("'name'", error.Message);
        builder[1].AppendNull();
        Assert.Equal(1, builder.Build().Length);
    }

    [Fact]
    public void A_batch_that_disagrees_with_its_schema_is_refused()
    {
        var ids = Columns.Sample(Int64Type.Default, 3, seed: 1);
        var names = Columns.Sample(StringType.Default, 3, seed: 2);
        Assert.Throws<ArgumentException>(() => new RecordBatch(People, [ids], 3));
        Assert.Throws<ArgumentException>(() => new RecordBatch(People, [names, ids], 3));
        Assert.Throws<ArgumentException>(() => new RecordBatch(People, [ids, names.Slice(0, 2)], 3));
        Assert.Throws<ArgumentException>(() => new RecordBatch(People, [ids, names], 2));
        var error = Assert.Throws<ArgumentException>(() => new RecordBatch(People, [ids, names], 3).Column("nom"));
        Assert.Contains("'nom'", error.Message);
    }

    [Fact]
    public void A_batch_without_columns_still_has_rows()
    {
        var batch = new RecordBatch(new([]), [], 5);
        Assert.Equal(5, batch.Length);
        Assert.Equal(2, batch.Slice(3, 2).Length);
        Assert.Equal(3, batch.Take([0, 0, 4]).Length);
        Assert.Equal(0, batch.ByteSize);
    }

    [Fact]
    public void Schemas_are_equal_by_structure()
    {
        Assert.Equal(People, new Schema([.. People.Fields], new Dictionary<string, string> { ["origin"] = "test" }));
        Assert.Equal(People.GetHashCode(), new Schema([.. People.Fields], People.Metadata).GetHashCode());
        Assert.NotEqual(People, new Schema([.. People.Fields]));
        Assert.NotEqual(People, new Schema([.. People.Fields.Reverse()], People.Metadata));
        Assert.NotEqual(new Field("a", Int64Type.Default, nullable: true), new Field("a", Int64Type.Default, nullable: false));
        Assert.NotEqual(new Field("a", Int64Type.Default, nullable: true), new Field("a", Int64Type.Default, nullable: true, People.Metadata));
        Assert.Equal((0, 1, -1), (People.GetFieldIndex("id"), People.GetFieldIndex("name"), People.GetFieldIndex("Name")));
        Assert.Equal("(id: int64 not null, name: utf8)", People.ToString());
    }
}
