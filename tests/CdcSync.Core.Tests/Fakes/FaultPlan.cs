using CdcSync.Core.Errors;

namespace CdcSync.Core.Tests.Fakes;

/// <summary>Makes the n-th call into a fake fail, once. The calls are counted over source and warehouse together, from whichever thread they come.</summary>
internal sealed class FaultPlan
{
    private readonly Lock _count = new();
    private int _until = int.MaxValue;
    private Func<CdcSyncException>? _fault;

    /// <summary>How many calls were made since the plan was armed.</summary>
    public int Calls { get; private set; }

    /// <summary>True once the armed fault was thrown.</summary>
    public bool Fired => _fault is null;

    public void Arm(int call, Func<CdcSyncException> fault)
    {
        lock (_count)
            (_until, _fault, Calls) = (call, fault, 0);
    }

    public void Disarm()
    {
        lock (_count)
            (_until, _fault) = (int.MaxValue, null);
    }

    /// <summary>Called by the fakes at every call that could fail in the real thing.</summary>
    public void Pass()
    {
        lock (_count)
        {
            Calls++;
            if (Calls < _until || _fault is not { } fault)
                return;
            _fault = null;
            throw fault();
        }
    }

    public static CdcSyncException Transient() => new(ErrorCodes.WarehouseUnavailable, "armed fault.", "Try again. Run: cdcsync status");

    /// <summary>As if the process had died: nothing of the engine handles it.</summary>
    public static CdcSyncException Lasting() => new(ErrorCodes.SourceFailed, "armed lasting fault.", "Look. Run: cdcsync status");
}
