using System.Net;
using System.Net.Sockets;

namespace CdcSync.TestServers;

/// <summary>
/// A TCP proxy on 127.0.0.1 that breaks connections at the bytes a test names: what a network does, at a place one can choose. Bytes are looked for within
/// single reads, which is enough for statements of a few hundred bytes on loopback.
/// </summary>
public sealed class LoopbackProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private CancellationTokenSource _cutAll = new();
    private readonly int _target;
    private readonly Task _accepting;
    private Trap? _trap;
    private int _connections;
    private int _roundTrips;

    /// <summary>Listens, and connects each client to a port of this machine.</summary>
    public LoopbackProxy(int targetPort)
    {
        _target = targetPort;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>The port clients connect to.</summary>
    public int Port { get; }

    /// <summary>Connections accepted so far.</summary>
    public int Connections => _connections;

    /// <summary>How often a client sent something after it had read an answer: what each of them costs on a real network is its latency.</summary>
    public int RoundTrips => _roundTrips;

    /// <summary>True while new connections are closed at once.</summary>
    public bool IsDown { get; set; }

    /// <summary>Breaks the connection at the next time the client sends these bytes, once.</summary>
    /// <param name="bytes">What to wait for.</param>
    /// <param name="when">Before the server sees them, or after it has answered.</param>
    public void CutAt(byte[] bytes, CutPoint when) => _trap = new Trap(bytes, when);

    /// <summary>Breaks all connections now.</summary>
    public async Task CutAllAsync()
    {
        var all = _cutAll;
        _cutAll = new CancellationTokenSource();
        await all.CancelAsync();
        all.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;                                                // a listener that was stopped before says so, whatever the token says
        _listener.Stop();
        _stop.Dispose();
        _cutAll.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> served = [];
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                if (IsDown) client.Close();
                else served.Add(ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, _cutAll.Token);
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _target, cut.Token);
                var answered = new Answer();
                var up = UpAsync(client.GetStream(), server.GetStream(), answered, cut.Token);
                var down = DownAsync(server.GetStream(), client.GetStream(), answered, cut.Token);
                await Task.WhenAny(up, down);
                await cut.CancelAsync();
                await Task.WhenAll(up, down);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // A broken connection is what this is for.
            }
        }
    }

    private async Task UpAsync(NetworkStream client, NetworkStream server, Answer answer, CancellationToken ct)
    {
        var buffer = new byte[64 << 10];
        while (await client.ReadAsync(buffer, ct) is > 0 and var read)
        {
            if (answer.IsAnswered) Interlocked.Increment(ref _roundTrips);
            answer.IsAnswered = false;
            var sprung = _trap is { } set && buffer.AsSpan(0, read).IndexOf(set.Bytes) >= 0 ? Interlocked.Exchange(ref _trap, null) : null;
            if (sprung?.When == CutPoint.BeforeServer) return;
            if (sprung is not null) answer.IsHeldBack = true;
            await server.WriteAsync(buffer.AsMemory(0, read), ct);
            if (sprung is null) continue;
            await answer.Came.Task.WaitAsync(ct);
            return;
        }
    }

    private static async Task DownAsync(NetworkStream server, NetworkStream client, Answer answer, CancellationToken ct)
    {
        var buffer = new byte[64 << 10];
        while (await server.ReadAsync(buffer, ct) is > 0 and var read)
        {
            answer.IsAnswered = true;
            if (answer.IsHeldBack) answer.Came.TrySetResult();
            else await client.WriteAsync(buffer.AsMemory(0, read), ct);
        }
    }

    private sealed record Trap(byte[] Bytes, CutPoint When);

    private sealed class Answer
    {
        public volatile bool IsHeldBack;

        public volatile bool IsAnswered = true;

        public TaskCompletionSource Came { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>When a connection breaks.</summary>
public enum CutPoint
{
    /// <summary>The server never sees the bytes.</summary>
    BeforeServer,

    /// <summary>The server has them and has answered; the client never sees the answer.</summary>
    AfterAnswer,
}
