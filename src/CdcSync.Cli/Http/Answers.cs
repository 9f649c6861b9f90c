using System.Net;
using System.Text;
using CdcSync.Cli.Output;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CdcSync.Cli.Http;

/// <summary>Writes answers. Nothing leaves but through here, where secrets are taken out.</summary>
internal sealed class Answers(SecretScrubber scrubber)
{
    /// <summary>A line for people.</summary>
    public Task LineAsync(HttpContext context, HttpStatusCode status, string line) => SendAsync(context, status, line + "\n", "text/plain; charset=utf-8");

    /// <summary>A document of a type of its own.</summary>
    public Task TextAsync(HttpContext context, string text, string contentType, HttpStatusCode status = HttpStatusCode.OK) => SendAsync(context, status, text, contentType);

    /// <summary>A document, as the command line's <c>--json</c> writes it.</summary>
    public Task JsonAsync<TDocument>(HttpContext context, TDocument document, HttpStatusCode status = HttpStatusCode.OK)
        where TDocument : JsonDocumentRoot => SendAsync(context, status, JsonOutput.Write(document) + "\n", "application/json");

    /// <summary>A problem, as RFC 9457 has it.</summary>
    public Task ProblemAsync(HttpContext context, Problem problem)
    {
        if (problem.Status == HttpStatusCode.Unauthorized)
            context.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
        return SendAsync(context, problem.Status, JsonOutput.Write(ProblemDocument.Of(problem)) + "\n", "application/problem+json");
    }

    private Task SendAsync(HttpContext context, HttpStatusCode status, string text, string contentType)
    {
        var body = Encoding.UTF8.GetBytes(scrubber.Scrub(text));
        context.Response.StatusCode = (int)status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
