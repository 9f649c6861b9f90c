using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

/// <summary>One engine's side of the suite: a fresh, empty warehouse, and a way to look at it that is not the engine under test.</summary>
public interface IWarehouseFixture : IAsyncDisposable
{
    /// <summary>Opens the warehouse, each time as another process would. Not migrated. The suite disposes it.</summary>
    IWarehouse Open(string pipeline);

    /// <summary>Runs statements on a connection of its own.</summary>
    Task ExecuteAsync(string sql);

    /// <summary>The first value of the first row, on a connection of its own; null for NULL or no row.</summary>
    Task<object?> ScalarAsync(string sql);

    /// <summary>The rows of a query, on a connection of its own.</summary>
    Task<IReadOnlyList<IReadOnlyList<object?>>> QueryAsync(string sql);

    /// <summary>All rows of a dataset's target in one statement, on a connection of its own, in no order.</summary>
    Task<IReadOnlyList<TargetRow>> ReadAsync(Dataset dataset);

    /// <summary>An identifier as SQL writes it.</summary>
    string Quote(string identifier);

    /// <summary>A control table or view as SQL writes it: <c>cdcsync_ledger</c>, <c>cdcsync.ledger</c>.</summary>
    string Control(string table);

    /// <summary>An SQL expression for the warehouse's clock moved by seconds, in the form of the control tables.</summary>
    string Clock(int seconds);

    /// <summary>A column type for any text, as SQL writes it.</summary>
    string TextType { get; }

    /// <summary>A column type for text in a key, as SQL writes it.</summary>
    string KeyTextType => TextType;

    /// <summary>True if the server of this run, unlike the engine it stands for, can't hold a value (in canonical text): it is left out.</summary>
    bool Lacks(ArrowType type, string canonical) => false;

    /// <summary>False if the server of this run, unlike the engine it stands for, can't have a column of such a name: it is left out.</summary>
    bool CanName(string identifier) => true;

    /// <summary>True if the engine has no column that holds every value of the type.</summary>
    bool Refuses(ArrowType type);

    /// <summary>True if the engine's columns can't hold this one value (in canonical text) of a type it otherwise holds.</summary>
    bool Rejects(ArrowType type, string canonical);
}

/// <summary>A row of a target as <see cref="IWarehouseFixture.ReadAsync"/> finds it.</summary>
/// <param name="Values">The dataset's target columns in order, in <see cref="Canonical"/> text; null for NULL.</param>
/// <param name="IsDeleted">True if <c>_cdc_deleted_at</c> is set.</param>
public sealed record TargetRow(IReadOnlyList<string?> Values, bool IsDeleted);
