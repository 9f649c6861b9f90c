using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CdcSync.Connectors.Tests.SqlServer.Wire;

/// <summary>
/// A double for the wire and nothing else: a loopback server that answers the n-th request of a connection with the n-th answer of a dialogue, recorded once against
/// a live server that speaks TDS (Babelfish), whatever is asked. It shows what the driver and the connector make of answers, errors and broken connections. It
/// understands no SQL and proves nothing about SQL Server's semantics; the live suites do.
/// </summary>
internal sealed class TdsDouble : IAsyncDisposable
{
    private const byte Attention = 6, TransactionRequest = 14;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly IReadOnlyList<byte[]> _answers;
    private readonly (int Request, WireFault Fault)? _fault;
    private readonly Task _accepting;

    /// <summary>Starts.</summary>
    /// <param name="dialogue">The name of a file beside this one: an answer a line, in base64.</param>
    /// <param name="fault">Which request, counted from 0, is answered otherwise, and how.</param>
    public TdsDouble(string dialogue, (int Request, WireFault Fault)? fault = null)
    {
        using var file = new StreamReader(typeof(TdsDouble).Assembly.GetManifestResourceStream(dialogue)!);
        _answers = [.. file.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Convert.FromBase64String)];
        _fault = fault;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>For the driver.</summary>
    public string ConnectionString => $"Server=127.0.0.1,{((IPEndPoint)_listener.LocalEndpoint).Port};Database=double;User ID=worker;Password=none;Encrypt=false;Pooling=true";

    /// <summary>Requests that were answered as recorded.</summary>
    public int Answered { get; private set; }

    /// <summary>Times the driver asked to break off a statement.</summary>
    public int Attentions { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;                                                // a listener that was stopped before says so, whatever the token says
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> served = [];
        try
        {
            while (true) served.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var isAfterFault = false;
                for (var request = 0; await ReadRequestAsync(stream) is { } type; request++)
                {
                    if (type == Attention)
                    {
                        Attentions++;
                        await stream.WriteAsync(Packet(Done(0x20)), _stop.Token);
                    }
                    else if (Attentions > 0)
                    {
                        // What the driver asks then, it asks to learn what became of its transaction: a recording can't tell.
                        return;
                    }
                    else if (isAfterFault)
                    {
                        await stream.WriteAsync(Packet([.. type == TransactionRequest ? RolledBack : [], .. Done(0)]), _stop.Token);
                    }
                    else if (request == _fault?.Request)
                    {
                        isAfterFault = true;
                        if (!await AnswerOtherwiseAsync(stream, _answers[request], _fault.Value.Fault)) return;
                    }
                    else
                    {
                        await stream.WriteAsync(_answers[request], _stop.Token);
                        Answered++;
                    }
                }
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // The driver went away, or the test is over.
            }
        }
    }

    /// <returns>False if the connection ends.</returns>
    private async Task<bool> AnswerOtherwiseAsync(NetworkStream stream, byte[] recorded, WireFault fault)
    {
        switch (fault)
        {
            // As under XACT_ABORT: the transaction is gone with the error.
            case WireFault.Error error:
                await stream.WriteAsync(Packet([.. RolledBack, .. Token(error), .. Done(0x02)]), _stop.Token);
                return error.Class < 20;
            case WireFault.Cut cut:
                await stream.WriteAsync(recorded.AsMemory(0, cut.After(recorded.Length)), _stop.Token);
                return false;
            default:
                return true;
        }
    }

    private async Task<byte?> ReadRequestAsync(NetworkStream stream)
    {
        var header = new byte[8];
        while (true)
        {
            if (await stream.ReadAtLeastAsync(header, 8, throwOnEndOfStream: false, _stop.Token) < 8) return null;
            await stream.ReadExactlyAsync(new byte[BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2)) - 8], _stop.Token);
            if ((header[1] & 1) != 0) return header[0];
        }
    }

    private static byte[] Packet(byte[] tokens)
    {
        byte[] packet = [4, 1, 0, 0, 0, 0, 1, 0, .. tokens];
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        return packet;
    }

    private static byte[] Done(byte status) => [0xFD, status, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private static byte[] RolledBack => [0xE3, 11, 0, 10, 0, 8, 0x45, 2, 0, 0, 0, 0, 0, 0];

    private static byte[] Token(WireFault.Error error)
    {
        byte[] content = [.. BitConverter.GetBytes(error.Number), 1, error.Class, .. BitConverter.GetBytes((ushort)error.Message.Length), .. Encoding.Unicode.GetBytes(error.Message), 0, 0, 1, 0, 0, 0];
        return [0xAA, .. BitConverter.GetBytes((ushort)content.Length), .. content];
    }
}

/// <summary>What happens instead of an answer.</summary>
internal abstract record WireFault
{
    /// <summary>The server answers with an error; from class 20 on it closes the connection.</summary>
    public sealed record Error(int Number, byte Class, string Message) : WireFault;

    /// <summary>The connection ends after a part of the answer.</summary>
    public sealed record Cut(Func<int, int> After) : WireFault;

    /// <summary>No answer, until the driver asks to break off.</summary>
    public sealed record Silence : WireFault;
}
