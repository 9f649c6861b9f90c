using System.Reflection;
using System.Text.RegularExpressions;
using CdcSync.Core.Errors;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.House;

/// <summary>The rules of the house that a compiler does not hold: who sees whom, and that the documents say what the code does.</summary>
public sealed partial class HouseTests
{
    private static readonly string Root = Documents.Root;

    [Theory]
    [InlineData("CdcSync.Arrow", "")]
    [InlineData("CdcSync.Core", "CdcSync.Arrow")]
    [InlineData("CdcSync.Connectors", "CdcSync.Arrow CdcSync.Core")]
    [InlineData("cdcsync", "CdcSync.Arrow CdcSync.Core CdcSync.Connectors")]
    public void A_project_sees_only_those_to_its_left(string assembly, string allowed)
    {
        var seen = Assembly.Load(assembly).GetReferencedAssemblies().Select(a => a.Name!).Where(n => n.StartsWith("CdcSync", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(seen.Except(allowed.Split(' ')));
    }

    [Theory]
    [InlineData("CdcSync.Arrow", "")]
    [InlineData("CdcSync.Core", "CdcSync.Arrow")]
    [InlineData("CdcSync.Connectors", "CdcSync.Core Microsoft.SqlServer.Server")]
    [InlineData("CdcSync.Cli", "CdcSync.Connectors")]
    [InlineData("Microsoft.SqlServer.Server", "")]
    public void A_project_refers_only_to_its_left_neighbour_and_to_stand_ins_for_packages(string project, string references)
    {
        var found = References().Matches(File.ReadAllText(Path.Combine(Root, "src", project, $"{project}.csproj"))).Select(m => m.Groups[1].Value);
        Assert.Equal(references, string.Join(' ', found.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void A_stand_in_for_a_package_is_for_its_driver_only()
    {
        var standIns = Directory.GetDirectories(Path.Combine(Root, "src")).Select(d => Path.GetFileName(d)!).Where(n => !n.StartsWith("CdcSync.", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["Microsoft.SqlServer.Server"], standIns);
        Assert.DoesNotContain(Sources("src").Where(f => !standIns.Any(s => f.Contains($"/src/{s}/", StringComparison.Ordinal))), f => standIns.Any(s => File.ReadAllText(f).Contains($"using {s}", StringComparison.Ordinal)));
    }

    [Fact]
    public void Core_knows_no_driver()
    {
        string[] drivers = ["Npgsql", "Microsoft.Data.Sqlite", "SQLitePCLRaw.core", "Dapper", "Microsoft.Data.SqlClient"];
        Assert.Empty(Assembly.Load("CdcSync.Core").GetReferencedAssemblies().Select(a => a.Name).Intersect(drivers));
    }

    [Fact]
    public void No_connector_sees_another()
    {
        var folders = Directory.GetDirectories(Path.Combine(Root, "src/CdcSync.Connectors")).Select(Path.GetFileName).Where(n => n is not ("bin" or "obj" or "Migrations")).ToArray();
        Assert.NotEmpty(folders);
        var wrong = from folder in folders
                    from file in Sources($"src/CdcSync.Connectors/{folder}")
                    from other in folders
                    where other != folder && File.ReadAllText(file).Contains($"CdcSync.Connectors.{other}", StringComparison.Ordinal)
                    select Path.GetRelativePath(Root, file);
        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_error_code_is_explained_and_every_explained_code_exists()
    {
        var explained = Codes().Matches(File.ReadAllText(Path.Combine(Root, "docs/errors.md"))).Select(m => m.Groups[1].Value).ToArray();
        Assert.Equal(explained.Distinct(), explained);
        Assert.Equal(ErrorCodes.All.Select(c => c.Id).Order(), explained.Order());
    }

    /// <summary>Whoever reads an error at night runs the command that it names.</summary>
    [Fact]
    public async Task Every_command_that_an_error_or_a_document_names_exists()
    {
        using var folder = new TempFolder();
        var help = (await CdcsyncProcess.RunAsync(folder.Root, ["--help"])).Out;
        var there = Verbs().Matches(help[help.IndexOf("Commands:", StringComparison.Ordinal)..]).Select(m => m.Groups[1].Value).ToHashSet();
        var named = from file in Sources("src").Append(Path.Combine(Root, "docs/errors.md"))
                    from verb in NamedCommands().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value).Distinct()
                    where !there.Contains(verb)
                    select $"{Path.GetRelativePath(Root, file)}: cdcsync {verb}";
        Assert.NotEmpty(there);
        Assert.Empty(named);
    }

    [Fact]
    public void Error_codes_are_numbered_once()
    {
        Assert.Equal(ErrorCodes.All.Select(c => c.Id).Distinct().Count(), ErrorCodes.All.Count);
    }

    [Fact]
    public void Every_control_table_and_column_is_described()
    {
        var state = File.ReadAllText(Path.Combine(Root, "docs/state.md"));
        foreach (var script in Directory.GetFiles(Path.Combine(Root, "migrations/sqlite"), "*.sql").Select(File.ReadAllText))
        {
            foreach (var name in Tables().Matches(script).Select(m => m.Groups[1].Value).Concat(Columns().Matches(script).Select(m => m.Groups[1].Value)))
                Assert.Contains(name, state, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_scripts_of_all_engines_have_the_same_numbers()
    {
        var numbers = new[] { "sqlite", "postgres", "sqlserver" }.Select(engine => string.Join(' ', Directory.GetFiles(Path.Combine(Root, "migrations", engine), "*.sql").Select(f => Path.GetFileName(f)[..4]).Order())).ToArray();
        Assert.NotEqual("", numbers[0]);
        Assert.Single(numbers.Distinct());
    }

    [Fact]
    public void A_file_is_one_idea()
    {
        Assert.Empty(Sources("src").Where(f => File.ReadLines(f).Count() > 450).Select(f => Path.GetRelativePath(Root, f)));
    }

    [Fact]
    public void Links_in_the_documents_lead_somewhere()
    {
        var documents = Directory.GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(Root, "README.md")).Append(Path.Combine(Root, "CONTRIBUTING.md"));
        var dead = from document in documents
                   from link in Links().Matches(File.ReadAllText(document)).Select(m => m.Groups[1].Value)
                   where !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith('#')
                   where !Path.Exists(Path.Combine(Path.GetDirectoryName(document)!, link.Split('#')[0]))
                   select $"{Path.GetRelativePath(Root, document)}: {link}";
        Assert.Empty(dead);
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.GetFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    [GeneratedRegex(@"^\|\s*`?(CDC\d{4})`?\s*\|", RegexOptions.Multiline)]
    private static partial Regex Codes();

    [GeneratedRegex(@"(?m)^  ([a-z]+) ")]
    private static partial Regex Verbs();

    [GeneratedRegex(@"(?:[Rr]un: |`)cdcsync ([a-z]+)")]
    private static partial Regex NamedCommands();

    [GeneratedRegex(@"CREATE (?:TABLE|VIEW) cdcsync_(\w+)")]
    private static partial Regex Tables();

    [GeneratedRegex(@"^    (\w+) +(?:TEXT|INTEGER|REAL)", RegexOptions.Multiline)]
    private static partial Regex Columns();

    [GeneratedRegex(@"<ProjectReference Include=""[^""]*/([^/""]+)\.csproj""")]
    private static partial Regex References();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Links();
}
