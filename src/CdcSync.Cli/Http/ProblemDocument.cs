namespace CdcSync.Cli.Http;

/// <summary>A problem as RFC 9457 writes it, with our code and remedy.</summary>
/// <param name="Type">Names the kind of problem; docs/errors.md explains it.</param>
/// <param name="Title">The kind in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What, where, found and expected.</param>
/// <param name="Code">The registered code.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="IsTransient">True if the same request may succeed later without anyone acting.</param>
internal sealed record ProblemDocument(string Type, string Title, int Status, string Detail, string Code, string Remedy, bool IsTransient)
{
    public static ProblemDocument Of(Problem problem) =>
        new($"urn:cdcsync:error:{problem.Code.Id}", problem.Code.Title, (int)problem.Status, problem.Detail, problem.Code.Id, problem.Remedy, problem.Code.IsTransient);
}
