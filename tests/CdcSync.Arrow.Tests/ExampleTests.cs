using System.Runtime.CompilerServices;
using CdcSync.Arrow.Ipc;
using CdcSync.Arrow.Tests.Ipc;

namespace CdcSync.Arrow.Tests;

public sealed class ExampleTests
{
    [Fact]
    public void The_example_in_the_documents_is_this_code_and_it_works()
    {
        var folder = Directory.CreateTempSubdirectory("arrow-");
        var path = Path.Combine(folder.FullName, "orders.arrow");
        try
        {
            Assert.Equal(1, Example(path));
            Assert.Equal(Lines(File.ReadAllText(ThisFile()), "// <example>", "// </example>").Replace("(path", "(\"orders.arrow\""), Lines(IpcFiles.Document("docs/arrow.md"), "```csharp", "```"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static long Example(string path)
    {
        // <example>
        var schema = new Schema([new("id", Int64Type.Default, nullable: false), new("note", StringType.Default, nullable: true)]);
        var builder = new RecordBatchBuilder(schema);
        ((FixedWidthBuilder<long>)builder[0]).Append(1);
        ((VarLengthBuilder)builder[1]).Append("grüße");

        using (var writer = new ArrowFileWriter(File.Create(path), schema))
        {
            writer.WriteRecordBatch(builder.Build());
            writer.WriteEnd();              // without it the file is not whole, and reading it says so
        }

        using var reader = ArrowFileReader.Map(path);
        var batch = reader.ReadRecordBatch(0);
        long id = ((FixedWidthArray<long>)batch.Column("id"))[0];
        // </example>
        return id;
    }

    private static string Lines(string text, string start, string end)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n').Select(line => line.Trim()).SkipWhile(line => line != start).Skip(1).TakeWhile(line => line != end);
        return string.Join('\n', lines);
    }

    private static string ThisFile([CallerFilePath] string path = "") =>
        File.Exists(path) ? path : Path.Combine(IpcFiles.Repository, "tests", "CdcSync.Arrow.Tests", "ExampleTests.cs");
}
