using CdcSync.Connectors.SqlServer;

namespace CdcSync.Connectors.Tests.SqlServer;

/// <summary>What is taken out of the server's texts names the schema and never a value. The texts are those of sys.messages.</summary>
public sealed class SqlServerErrorTests
{
    [Theory]
    [InlineData("Violation of UNIQUE KEY constraint 'UQ_email'. Cannot insert duplicate key in object 'dbo.people'. The duplicate key value is (canary).", "UQ_email")]
    [InlineData("Violation of PRIMARY KEY constraint 'PK_people'. Cannot insert duplicate key in object 'dbo.people'. The duplicate key value is (canary).", "PK_people")]
    [InlineData("Cannot insert duplicate key row in object 'dbo.people' with unique index 'one email'. The duplicate key value is (canary 'x').", "one email")]
    [InlineData("The INSERT statement conflicted with the CHECK constraint \"CK_age\". The conflict occurred in database \"dw\", table \"dbo.people\", column 'age'.", "CK_age")]
    [InlineData("The UPDATE statement conflicted with the FOREIGN KEY constraint \"FK_city\". The conflict occurred in database \"dw\", table \"dbo.city\", column 'id'.", "FK_city")]
    [InlineData("Cannot insert the value NULL into column 'age', table 'dw.dbo.people'; column does not allow nulls. INSERT fails.", "age")]
    [InlineData("String or binary data would be truncated in table 'dw.dbo.people', column 'name'. Truncated value: 'canary'.", null)]
    [InlineData("it says 'Violation of UNIQUE KEY constraint 'canary'. '", null)]
    public void A_constraint_is_named_where_the_text_begins_with_it(string message, string? name) => Assert.Equal(name, SqlServerErrors.Named(message));

    [Theory]
    [InlineData(50_000, SqlServerFault.ValueRefused)]
    [InlineData(51_000, SqlServerFault.Other)]
    [InlineData(60_123, SqlServerFault.ValueRefused)]
    [InlineData(33_557_097, SqlServerFault.Other)]
    public void What_a_trigger_raises_refuses_rows(int number, object fault) => Assert.Equal(fault, SqlServerErrors.OfNumber(number));
}
