using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace CdcSync.Cli.Http.Page;

/// <summary>The status page and the way in: files that the binary brings along, and nothing from elsewhere.</summary>
internal sealed class PageRoutes(EndpointOptions options, RequestGuard guard, Answers answers, Refusals refusals, TimeProvider time)
{
    private const string Html = "text/html; charset=utf-8";
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];
    private static readonly TimeSpan AfterWrongToken = TimeSpan.FromSeconds(1);
    private static readonly string SignInPage = Read("sign-in.html");

    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal) { [".js"] = "text/javascript; charset=utf-8", [".css"] = "text/css; charset=utf-8" };

    public void MapTo(IEndpointRouteBuilder routes)
    {
        var page = Read("index.html");
        routes.MapMethods("/", Reading, context =>
        {
            context.Response.Headers[HeaderNames.ContentSecurityPolicy] = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
            return answers.TextAsync(context, page, Html);
        });
        foreach (var name in Names().Where(n => Types.ContainsKey(Path.GetExtension(n))))
        {
            var text = Read(name);
            routes.MapMethods($"/page/{name}", Reading, context => answers.TextAsync(context, text, Types[Path.GetExtension(name)]));
        }

        routes.MapPost("/session", SignInAsync);
        routes.MapPost("/session/end", context =>
        {
            Sessions.End(context, IsEncrypted(context));
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });
    }

    /// <summary>What a browser gets that is not signed in.</summary>
    public static Task AskAsync(HttpContext context, Answers answers, string problem = "")
    {
        var style = SignInPage[(SignInPage.IndexOf("<style>", StringComparison.Ordinal) + "<style>".Length)..SignInPage.IndexOf("</style>", StringComparison.Ordinal)];
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        context.Response.Headers[HeaderNames.ContentSecurityPolicy] = $"default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
        context.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
        return answers.TextAsync(context, SignInPage.Replace("<!-- problem -->", problem, StringComparison.Ordinal), Html, HttpStatusCode.Unauthorized);
    }

    private async Task SignInAsync(HttpContext context)
    {
        var token = context.Request.HasFormContentType ? (await context.Request.ReadFormAsync(context.RequestAborted))["token"].ToString().Trim() : "";
        if (!guard.TrySignIn(context, token, IsEncrypted(context)))
        {
            refusals.Tell(context, RefusalReason.WrongToken, RequestGuard.TokenProblem);
            await Task.Delay(AfterWrongToken, time, context.RequestAborted);
            await AskAsync(context, answers, """<p id="problem" role="alert">That is not the token.</p>""");
            return;
        }

        context.Response.Headers[HeaderNames.Location] = "/";
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
    }

    private bool IsEncrypted(HttpContext context) => context.Request.IsHttps || options.Exposure == EndpointExposure.BehindProxy;

    private const string Prefix = "page/";

    private static IEnumerable<string> Names() => typeof(PageRoutes).Assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Select(n => n[Prefix.Length..]);

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(PageRoutes).Assembly.GetManifestResourceStream(Prefix + name)!);
        return reader.ReadToEnd();
    }
}
