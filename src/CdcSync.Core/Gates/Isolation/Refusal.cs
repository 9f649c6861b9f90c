namespace CdcSync.Core.Gates.Isolation;

/// <summary>Why a warehouse refused rows, in its own words, without values.</summary>
/// <param name="Column">The column it named; empty = it named none.</param>
/// <param name="Reason">Its code, and the constraint, index or trigger.</param>
/// <param name="DependsOnOthers">True if other rows decide: a value that must be unique, a row that must be there. Such a row may pass once the others are in.</param>
public sealed record Refusal(string Column, string Reason, bool DependsOnOthers);

/// <summary>A row that the warehouse refuses.</summary>
/// <param name="Row">Its ordinal.</param>
/// <param name="Refusal">Why.</param>
public sealed record RefusedRow(long Row, Refusal Refusal);
