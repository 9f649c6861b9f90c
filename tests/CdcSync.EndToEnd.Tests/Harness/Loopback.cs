using System.Net;
using System.Net.Sockets;

namespace CdcSync.EndToEnd.Tests.Harness;

/// <summary>HTTP listeners on ports that are free.</summary>
internal static class Loopback
{
    /// <summary>Starts one; the caller closes it.</summary>
    public static (HttpListener Listener, Uri Address) Listen()
    {
        // A port that is free now may be taken a moment later: another is tried then.
        for (var tries = 0; ; tries++)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var address = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
            probe.Stop();
            var listener = new HttpListener();
            try
            {
                listener.Prefixes.Add(address.ToString());
                listener.Start();
                return (listener, address);
            }
            catch (HttpListenerException) when (tries < 10)
            {
                listener.Close();
            }
        }
    }
}
