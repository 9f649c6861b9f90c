using System.CommandLine;
using CdcSync.Cli.Output;
using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Commands;

/// <summary><c>contract lint</c>: what is wrong with contracts, which of their rules are checked, and which are not. Touches no database.</summary>
internal static class ContractCommand
{
    private static readonly Argument<string[]> Files = new("FILE") { Description = "The contracts.", Arity = ArgumentArity.OneOrMore };

    public static Command Create(Terminal terminal)
    {
        var lint = new Command("lint", "Say what is wrong with contracts, and which of their rules nothing checks.") { Files, CommonOptions.Json };
        lint.SetAction(parsed => Lint(parsed, terminal));
        return new Command("contract", "Look at data contracts.") { lint, ContractTestCommand.Create(terminal), ContractDiffCommand.Create(terminal) };
    }

    private static int Lint(ParseResult parsed, Terminal terminal)
    {
        ContractLintDocument[] contracts = [.. parsed.GetRequiredValue(Files).Select(Lint)];
        var exit = contracts.Any(c => c.Findings.Any(f => f.Severity == "error")) ? ExitCode.Usage : ExitCode.Ok;
        terminal.Data(parsed.GetValue(CommonOptions.Json) ? JsonOutput.Write(new LintDocument(contracts) { ExitCode = (int)exit }) : string.Join('\n', contracts.Select(Text)));
        return (int)exit;
    }

    private static ContractLintDocument Lint(string file)
    {
        if (!File.Exists(file))
            throw new CdcSyncException(ErrorCodes.ContractInvalid, $"there is no contract '{file}'.", "Name the file. Run: cdcsync contract lint --help");
        var read = ContractReader.ReadFile(file);
        RowRules[] rules = [.. (read.Value?.Objects ?? []).Select(RowRules.Of)];
        TableChecks[] checks = [.. (read.Value?.Objects ?? []).Select(o => TableChecks.Of(read.Value!, o))];
        return new ContractLintDocument(file, read.Value?.Objects.Count ?? 0, rules.Sum(r => r.Executed.Count), checks.Sum(c => c.Checks.Count(k => k.Occasion != CheckOccasion.Demand) + c.References.Count),
            [.. read.Findings.Select(f => Of(f.At, f.Severity == DiagnosticSeverity.Error ? "error" : "warning", f.Code.Id, f.Message)),
                .. rules.SelectMany(r => r.Faults).Concat(checks.SelectMany(c => c.Faults)).Select(f => Of(f.At, "error", ErrorCodes.ContractInvalid.Id, f.What))],
            [.. rules.SelectMany(r => r.NotExecuted).Concat(checks.SelectMany(c => c.NotExecuted)).Concat(read.Value is { } contract ? UnmeasuredPromises.Of(contract) : []).OrderBy(r => r.At.Line).Select(r => new NotExecutedDocument(r.At.Line, r.What))]);
    }

    private static FindingDocument Of(FileLocation at, string severity, string code, string message) => new(at.File, at.Line, at.Column, severity, code, message);

    private static string Text(ContractLintDocument contract) => string.Join('\n',
    [
        $"{contract.File}: {Words.Of(contract.Tables)} tables, {Words.Of(contract.RulesPerValue)} rules checked per value, {Words.Of(contract.TableChecks)} checks of whole tables, {Words.Of(contract.NotExecuted.Count)} not executed.",
        .. contract.Findings.Select(f => $"{f.File}:{f.Line}:{f.Column}: {f.Severity} {f.Code} {f.Message}"),
        .. contract.NotExecuted.Select(n => $"{contract.File}:{n.Line}: not executed: {n.Rule}"),
    ]);
}
