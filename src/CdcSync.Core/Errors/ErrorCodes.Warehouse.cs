namespace CdcSync.Core.Errors;

/// <content>3xxx: warehouses.</content>
public static partial class ErrorCodes
{
    /// <summary>The warehouse can't be reached; may pass.</summary>
    public static readonly ErrorCode WarehouseUnavailable = new("CDC3001", "Warehouse unavailable", ExitCode.Warehouse, IsTransient: true);

    /// <summary>The warehouse refused the login or a permission is missing, or it is read-only.</summary>
    public static readonly ErrorCode WarehouseDenied = new("CDC3002", "Warehouse access denied", ExitCode.Warehouse);

    /// <summary>The transaction met a rival (deadlock, serialization failure, lock timeout, busy); again helps.</summary>
    public static readonly ErrorCode WarehouseBusy = new("CDC3003", "Warehouse busy", ExitCode.Warehouse, IsTransient: true);

    /// <summary>The target table's columns or key can't take the dataset.</summary>
    public static readonly ErrorCode TargetMismatch = new("CDC3004", "Target disagrees with the contract", ExitCode.Warehouse);

    /// <summary>The target table holds rows that no checkpoint explains.</summary>
    public static readonly ErrorCode TargetNotEmpty = new("CDC3005", "Target not empty at the first load", ExitCode.Warehouse);

    /// <summary>The warehouse's disk or quota is full; may pass.</summary>
    public static readonly ErrorCode WarehouseFull = new("CDC3006", "Warehouse full", ExitCode.Warehouse, IsTransient: true);

    /// <summary>A warehouse statement failed for a reason that will not pass by itself.</summary>
    public static readonly ErrorCode WarehouseFailed = new("CDC3007", "Warehouse statement failed", ExitCode.Warehouse);

    /// <summary>The warehouse refused values of a batch.</summary>
    public static readonly ErrorCode WarehouseRefusedRows = new("CDC3008", "Warehouse refused rows", ExitCode.Warehouse);

    /// <summary>The answer to a commit was lost; the ledger decides.</summary>
    public static readonly ErrorCode CommitUnknown = new("CDC3009", "Commit outcome unknown", ExitCode.Warehouse, IsTransient: true);
}
