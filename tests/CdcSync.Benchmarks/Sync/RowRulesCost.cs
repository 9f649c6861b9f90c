using CdcSync.Benchmarks.Measuring;
using CdcSync.TestServers;

namespace CdcSync.Benchmarks.Sync;

/// <summary>What twenty rules about values cost: the same first load from SQLite into PostgreSQL, process start to process end, under a contract with them and one without, in turn.</summary>
internal static class RowRulesCost
{
    private const int Most = 1_000_000;

    // Twenty rules over ten columns, all of which every row passes.
    private static readonly (string Column, string Type, string Rules)[] Columns =
    [
        ("id", "logicalType: integer, physicalType: bigint, primaryKey: true, required: true", "logicalTypeOptions: { minimum: 1, maximum: 1000000000000 }"),
        ("customer_id", "logicalType: integer, physicalType: bigint", "logicalTypeOptions: { minimum: 1 }, quality: [{ metric: nullValues, mustBe: 0 }]"),
        ("status", "logicalType: string, physicalType: varchar(20)", "logicalTypeOptions: { minLength: 1, maxLength: 20, pattern: \"[a-z]+\" }, quality: [{ metric: invalidValues, arguments: { validValues: [open, paid, shipped, returned] }, mustBe: 0 }]"),
        ("amount", "logicalType: number, physicalType: \"numeric(12,2)\"", "logicalTypeOptions: { minimum: 0, maximum: 1000000, multipleOf: 0.01 }"),
        ("currency", "logicalType: string, physicalType: char(3)", "logicalTypeOptions: { minLength: 3, maxLength: 3, pattern: \"[A-Z]{3}\" }"),
        ("created_at", "logicalType: timestamp, physicalType: timestamp(3)", "logicalTypeOptions: { minimum: \"2000-01-01\", exclusiveMaximum: \"2100-01-01\" }"),
        ("updated_at", "logicalType: timestamp, physicalType: timestamp(3)", "logicalTypeOptions: { minimum: \"2000-01-01\", exclusiveMaximum: \"2100-01-01\" }"),
        ("note", "logicalType: string, physicalType: text", "logicalTypeOptions: { maxLength: 200 }"),
        ("is_gift", "logicalType: boolean, physicalType: boolean", "quality: [{ metric: nullValues, mustBe: 0 }]"),
        ("external_id", "logicalType: string, physicalType: char(36)", "logicalTypeOptions: { format: uuid }, quality: [{ metric: nullValues, mustBe: 0 }]"),
    ];

    /// <summary>The contract with the rules.</summary>
    public static string ContractWithRules => Contract(c => $"{c.Type}, {c.Rules}");

    public static async Task<IReadOnlyList<Verdict>> RunAsync(Options options)
    {
        var rows = Math.Min(options.Rows, Most);
        var folder = Directory.CreateTempSubdirectory("cdcsync-bench-").FullName;
        try
        {
            await using var server = await PostgresServer.StartAsync([]);
            OrdersDatabase.Create(Path.Combine(folder, "orders.db"), rows);
            await File.WriteAllTextAsync(Path.Combine(folder, "with.odcs.yaml"), ContractWithRules);
            await File.WriteAllTextAsync(Path.Combine(folder, "without.odcs.yaml"), Contract(c => c.Type));
            foreach (var name in (string[])["with", "without"])
                await File.WriteAllTextAsync(Path.Combine(folder, $"{name}.yaml"), Pipeline(name));
            await MeasuredProcess.RunAsync(folder, new Dictionary<string, string>(), options.Cdcsync, "discover", "./orders.db", "orders", "--enable-tracking", "--apply");
            var (with, without) = (new List<double>(), new List<double>());
            for (var run = 0; run <= options.Runs; run++)
            {
                var (ruled, free) = (await LoadAsync("with"), await LoadAsync("without"));
                if (run == 0) continue;                                  // the first warms the file's pages
                with.Add(ruled);
                without.Add(free);
            }

            var ratio = Samples.Ratios(with, without);
            Console.WriteLine($"{rows:#,0} rows, SQLite to PostgreSQL, {Columns.Length} columns");
            Console.WriteLine($"20 rules  {new Samples(with).ToString("s")}");
            Console.WriteLine($"none      {new Samples(without).ToString("s")}");
            Console.WriteLine($"ratio     {ratio.ToString("x")}");
            return [Verdict.AtMost("20 rules about values, against none", ratio.Median, 1.25)];

            async Task<double> LoadAsync(string name)
            {
                await using var database = await server.CreateDatabaseAsync();
                var environment = new Dictionary<string, string> { ["WAREHOUSE"] = database.ConnectionString };
                await MeasuredProcess.RunAsync(folder, environment, options.Cdcsync, "migrate", "--config", $"{name}.yaml");
                var measured = await MeasuredProcess.RunAsync(folder, environment, options.Cdcsync, "sync", "--config", $"{name}.yaml");
                if (await database.ScalarAsync<long>("SELECT count(*) FROM orders") != rows)
                    throw new InvalidOperationException("rows were kept out: the rules are wrong");
                Directory.Delete(Path.Combine(folder, "landing"), recursive: true);
                return measured.Wall;
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Pipeline(string name) => $$"""
        pipeline: bench
        sources: { orders: { kind: sqlite, path: ./orders.db } }
        warehouse: { kind: postgres, connection: "${env:WAREHOUSE}" }
        datasets:
          orders: { source: orders, object: orders, contract: {{name}}.odcs.yaml#orders }
        """;

    private static string Contract(Func<(string Column, string Type, string Rules), string> property) => $$"""
        apiVersion: v3.1.0
        kind: DataContract
        id: bench
        version: 1.0.0
        status: active
        team: { members: [{ username: bench, role: Owner }] }
        schema:
          - name: orders
            properties:
        {{string.Join('\n', Columns.Select(c => $"      - {{ name: {c.Column}, {property(c)} }}"))}}
        """;
}
