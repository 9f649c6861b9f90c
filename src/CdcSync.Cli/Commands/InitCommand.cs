using System.CommandLine;
using CdcSync.Cli.Config;
using CdcSync.Cli.Output;
using CdcSync.Core.Errors;
using Microsoft.Data.Sqlite;

namespace CdcSync.Cli.Commands;

/// <summary><c>init</c>: a small pipeline that runs at once, to be changed into one's own.</summary>
internal static class InitCommand
{
    private static readonly Argument<string> Folder = new("DIR") { Description = "Where to; made if it is missing.", DefaultValueFactory = _ => "." };

    public static Command Create(Terminal terminal)
    {
        var command = new Command("init", "Write a commented pipeline file, a contract and a sample source that run at once.") { Folder, CommonOptions.Json };
        command.SetAction(parsed => Run(parsed, terminal));
        return command;
    }

    private static int Run(ParseResult parsed, Terminal terminal)
    {
        var folder = parsed.GetRequiredValue(Folder);
        (string Path, Action<string> Write)[] files =
        [
            (InitTemplate.PipelineFile, path => File.WriteAllText(path, InitTemplate.Pipeline)),
            (InitTemplate.ContractFile, path => File.WriteAllText(path, InitTemplate.Contract)),
            (InitTemplate.SourceFile, WriteSource),
        ];
        NewFiles.Write(folder, files, "Name another folder. Run: cdcsync init DIR");
        if (parsed.GetValue(CommonOptions.Json))
            terminal.Data(JsonOutput.Write(new InitDocument([.. files.Select(f => Path.Combine(folder, f.Path))])));
        else
            terminal.Data(string.Join('\n', files.Select(f => Path.Combine(folder, f.Path))));
        terminal.Note($"Next: {(folder == "." ? "" : $"cd {folder} && ")}cdcsync validate && cdcsync migrate && cdcsync sync");
        return (int)ExitCode.Ok;
    }

    private static void WriteSource(string path)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = InitTemplate.SourceSql;
        command.ExecuteNonQuery();
    }
}
