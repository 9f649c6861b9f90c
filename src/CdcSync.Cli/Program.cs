using CdcSync.Cli.Commands;
using CdcSync.Cli.Output;

// Answered before the command tree is built: scripts and health checks ask for it often.
if (args is ["--version"] or ["-V"])
{
    Console.Out.WriteLine($"cdcsync {BuildVersion.Text}");
    return 0;
}

return await CommandLine.RunAsync(args, Terminal.OfProcess());
