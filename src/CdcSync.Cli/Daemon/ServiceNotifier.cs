using System.Net.Sockets;
using System.Text;

namespace CdcSync.Cli.Daemon;

/// <summary>Tells systemd how the service stands (sd_notify): a datagram to the socket it names. Where it names none, nothing is told.</summary>
/// <param name="socket">The value of <c>NOTIFY_SOCKET</c>: a path, or an abstract name that begins with <c>@</c>; null or empty = none.</param>
internal sealed class ServiceNotifier(string? socket)
{
    /// <summary>What systemd says of this process.</summary>
    public static ServiceNotifier OfProcess() => new(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));

    /// <summary>The endpoint answers: the service is started.</summary>
    public void Ready(string status) => Tell($"READY=1\nSTATUS={status}");

    /// <summary>It finishes what it began.</summary>
    public void Stopping() => Tell("STOPPING=1");

    private void Tell(string state)
    {
        if (string.IsNullOrEmpty(socket))
            return;
        try
        {
            using var sender = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            sender.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(socket[0] == '@' ? $"\0{socket[1..]}" : socket));
        }
        catch (SocketException)
        {
            // Who does not listen does not have to know; work goes on.
        }
    }
}
