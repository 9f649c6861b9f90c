using System.Globalization;
using CdcSync.Cli.Commands;
using CdcSync.Cli.Output;

// Answered before the command tree is built: scripts and health checks ask for it often.
if (BuildVersion.AnswerTo(args) is { } answer)
{
    Console.Out.WriteLine(answer);
    return 0;
}

// Numbers, dates and comparisons never depend on the machine's locale. Not by InvariantGlobalization: SQL Server's driver needs cultures to read texts (docs/adr/0040).
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;

return await CommandLine.RunAsync(args, Terminal.OfProcess());
