using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Core.Tests.Sources;

public sealed class SchemaDriftTests
{
    private static readonly SourceColumn[] Old = [new("id", "bigint", false, 1, 1), new("name", "varchar(20)", true, null, 2), new("amount", "numeric(12,2)", true, null, 3)];

    [Fact]
    public void Each_kind_of_change_is_told_once()
    {
        Assert.Empty(SchemaDrift.Between(Old, Old));
        Assert.Equal("Added note: 'note' text is new", Told([.. Old, new("note", "text", true, null, 4)]));
        Assert.Equal("Dropped amount: 'amount' is gone", Told(Old[..2]));
        Assert.Equal("Renamed total: 'amount' is 'total' now", Told([.. Old[..2], Old[2] with { Name = "total" }]));
        Assert.Equal("Widened name: 'name' was varchar(20), and is varchar(30)", Told([Old[0], Old[1] with { Type = "varchar(30)" }, Old[2]]));
        Assert.Equal("Narrowed name: 'name' was varchar(20), and is varchar(10)", Told([Old[0], Old[1] with { Type = "varchar(10)" }, Old[2]]));
        Assert.Equal("Nullable name: 'name' may not be null any more", Told([Old[0], Old[1] with { IsNullable = false }, Old[2]]));
        Assert.Equal("Key id, name: the key was (id), and is (id, name)", Told([Old[0], Old[1] with { Key = 2 }, Old[2]]));
    }

    [Fact]
    public void A_source_without_numbers_tells_a_rename_as_what_it_sees()
    {
        SourceColumn[] old = [.. Old.Select(c => c with { Number = null })];
        Assert.Equal(["Added", "Dropped"], SchemaDrift.Between(old, [.. old[..2], old[2] with { Name = "total" }]).Select(c => $"{c.Kind}"));
    }

    [Fact]
    public void A_renamed_key_is_the_same_key_and_a_name_taken_over_by_another_column_is_the_column()
    {
        Assert.Equal("Renamed key: 'id' is 'key' now", Told([Old[0] with { Name = "key" }, Old[1], Old[2]]));
        Assert.Equal("Narrowed name: 'name' was varchar(20), and is bigint", Told([Old[0], new("name", "bigint", true, null, 9), Old[2]]));
    }

    [Theory]
    [InlineData("bigint", "int", true)]
    [InlineData("int", "bigint", false)]
    [InlineData("numeric(14,2)", "numeric(12,2)", true)]
    [InlineData("numeric(12,4)", "numeric(12,2)", false)]
    [InlineData("text", "varchar(20)", true)]
    [InlineData("nvarchar(max)", "nvarchar(20)", true)]
    [InlineData("varchar(20)", "text", false)]
    [InlineData("timestamp(6) without time zone", "timestamp(3) without time zone", true)]
    [InlineData("shop.email", "shop.email2", false)]
    [InlineData("double precision", "numeric(12,2)", false)]
    public void Wider_is_what_surely_holds_all_that_was_there(string wide, string narrow, bool holds) => Assert.Equal(holds, SchemaDrift.Holds(wide, narrow));

    private static string Told(SourceColumn[] now) => string.Join("; ", SchemaDrift.Between(Old, now).Select(c => $"{c.Kind} {c.Column}: {c.What}"));
}
