namespace CdcSync.Connectors.SqlServer.Source.Marks;

/// <summary>Rowversions above the last and below the ceiling.</summary>
/// <param name="Column">The column.</param>
/// <param name="Last">The last one read.</param>
/// <param name="Ceiling">The lowest that may still be written.</param>
internal readonly record struct RowVersionWindow(string Column, ulong Last, ulong Ceiling);
