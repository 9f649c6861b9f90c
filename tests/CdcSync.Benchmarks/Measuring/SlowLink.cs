using System.Net;
using System.Net.Sockets;

namespace CdcSync.Benchmarks.Measuring;

/// <summary>A link to a server far away, as each connection over it feels one: what comes back stands still for a round trip whenever a window is full.</summary>
internal sealed class SlowLink : IAsyncDisposable
{
    private const int Window = 256 << 10;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closed = new();
    private readonly int _to;
    private readonly TimeSpan _roundTrip;
    private readonly Task _accepting;

    /// <summary>Opens the link.</summary>
    /// <param name="to">The server's port on this machine.</param>
    /// <param name="roundTrip">How long a round trip takes.</param>
    public SlowLink(int to, TimeSpan roundTrip)
    {
        (_to, _roundTrip) = (to, roundTrip);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The port that leads over the link.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closed.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_closed.Token);
            _ = CarryAsync(client);                                      // a connection that breaks ends itself alone
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient { NoDelay = true };
        near.NoDelay = true;
        await far.ConnectAsync(IPAddress.Loopback, _to, _closed.Token);
        await Task.WhenAny(PumpAsync(near.GetStream(), far.GetStream(), TimeSpan.Zero), PumpAsync(far.GetStream(), near.GetStream(), _roundTrip));
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, TimeSpan wait)
    {
        var buffer = new byte[Window / 4];
        for (var sent = 0; await from.ReadAsync(buffer, _closed.Token) is > 0 and var read;)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), _closed.Token);
            sent += read;
            if (sent < Window || wait == TimeSpan.Zero) continue;
            await Task.Delay(wait, _closed.Token);
            sent = 0;
        }
    }
}
