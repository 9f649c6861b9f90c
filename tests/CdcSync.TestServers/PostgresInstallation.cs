using System.Diagnostics;
using System.Text.RegularExpressions;

namespace CdcSync.TestServers;

/// <summary>Installed PostgreSQL binaries, and how to run them.</summary>
/// <param name="bin">The folder with initdb and postgres.</param>
internal sealed partial class PostgresInstallation(string bin)
{
    internal const string Superuser = "postgres";
    private const int OldestMajor = 15;

    // Runs as the server's owner: initdb, then the server, until standard input ends. The kernel closes that pipe when the test process is gone,
    // also after kill -9, so the server and its data never stay behind.
    private const string Watcher = """
        set -u
        trap '' INT TERM HUP
        bin=$1 port=$2 base=$3
        shift 3
        read -r password || exit 1
        cd /
        umask 077
        dir=$(mktemp -d "$base/cdcsync-pg-XXXXXX") || exit 1
        trap 'rm -rf "$dir"' EXIT
        printf '%s\n' "$password" > "$dir/password"
        if ! "$bin/initdb" -D "$dir/data" -U postgres --pwfile="$dir/password" --auth=scram-sha-256 \
            --encoding=UTF8 --locale=C --no-sync > "$dir/log" 2>&1
        then
            tail -n 20 "$dir/log" >&2
            exit 1
        fi
        "$bin/postgres" -D "$dir/data" -p "$port" -h 127.0.0.1 -c unix_socket_directories= "$@" < /dev/null > "$dir/log" 2>&1 &
        server=$!
        echo "$server" > "$dir/server"
        exec 3<&0
        # A signal that comes before the server has its handlers is lost: again until it is gone.
        ( while read -r _; do :; done <&3; : > "$dir/ended"; while kill -QUIT "$(cat "$dir/server")"; do sleep 0.5; done ) 2> /dev/null &
        reader=$!
        wait "$server"
        # A test crashed it, to see it come back: a new one starts once the old one's processes have let go of its memory.
        while [ -e "$dir/data/crashed" ] && ! [ -e "$dir/ended" ]; do
            "$bin/postgres" -D "$dir/data" -p "$port" -h 127.0.0.1 -c unix_socket_directories= "$@" < /dev/null >> "$dir/log" 2>&1 &
            server=$!
            echo "$server" > "$dir/server"
            wait "$server"
            sleep 0.05
        done
        if kill -KILL "$reader" 2> /dev/null; then
            tail -n 20 "$dir/log" >&2
            exit 1
        fi
        """;

    // As the watcher, for a copy of a running server: it is taken at once. When the next line comes it is started, as a server of its own on a new timeline, or as a standby that
    // follows the original.
    private const string Copier = """
        set -u
        trap '' INT TERM HUP
        bin=$1 port=$2 base=$3 original=$4
        shift 4
        read -r password || exit 1
        cd /
        umask 077
        dir=$(mktemp -d "$base/cdcsync-pg-XXXXXX") || exit 1
        trap 'rm -rf "$dir"' EXIT
        if ! PGPASSWORD=$password "$bin/pg_basebackup" -h 127.0.0.1 -p "$original" -U postgres -D "$dir/data" -c fast -X stream --no-sync > "$dir/log" 2>&1
        then
            tail -n 20 "$dir/log" >&2
            exit 1
        fi
        echo copied
        read -r as || exit 0
        touch "$dir/data/$as.signal"
        following=
        [ "$as" = standby ] && following="host=127.0.0.1 port=$original user=postgres password=$password"
        "$bin/postgres" -D "$dir/data" -p "$port" -h 127.0.0.1 -c unix_socket_directories= -c restore_command=false -c primary_conninfo="$following" "$@" < /dev/null > "$dir/log" 2>&1 &
        server=$!
        exec 3<&0
        ( while read -r _; do :; done <&3; while kill -QUIT "$server"; do sleep 0.5; done ) 2> /dev/null &
        reader=$!
        wait "$server"
        if kill -KILL "$reader" 2> /dev/null; then
            tail -n 20 "$dir/log" >&2
            exit 1
        fi
        """;

    internal string Bin => bin;

    /// <summary>The newest installation that is new enough, or null.</summary>
    internal static PostgresInstallation? Find()
    {
        if (OperatingSystem.IsWindows()) return null;
        var debian = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(folder => Path.Combine(folder, "bin")) : [];
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return debian.Concat(path)
            .Where(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")))
            .Select(folder => (Folder: folder, Major: MajorOf(folder)))
            .Where(found => found.Major >= OldestMajor)
            .OrderByDescending(found => found.Major)
            .Select(found => new PostgresInstallation(found.Folder))
            .FirstOrDefault();
    }

    internal Process Start(int port, string password, IReadOnlyList<string> settings) => Run(Watcher, [$"{port}", Path.GetTempPath().TrimEnd('/')], password, settings);

    /// <summary>Copies a running server; it writes a line when the copy is taken, and starts it when it gets one.</summary>
    internal Process Copy(int original, int port, string password, IReadOnlyList<string> settings) => Run(Copier, [$"{port}", Path.GetTempPath().TrimEnd('/'), $"{original}"], password, settings);

    private Process Run(string script, string[] arguments, string password, IReadOnlyList<string> settings)
    {
        List<string> command = ["/bin/sh", "-c", script, "sh", bin, .. arguments, .. settings.SelectMany(s => new[] { "-c", s })];
        // PostgreSQL refuses to run as root.
        if (Environment.UserName == "root") command.InsertRange(0, ["setpriv", $"--reuid={Owner()}", $"--regid={OwnerGroup()}", "--clear-groups", "--"]);
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        process.StandardInput.WriteLine(password);
        process.StandardInput.Flush();
        return process;
    }

    private static string Owner() => File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";

    private static string OwnerGroup() => File.ReadLines("/etc/passwd").First(line => line.StartsWith(Owner() + ":", StringComparison.Ordinal)).Split(':')[3];

    private static int MajorOf(string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(folder, "postgres"), ["--version"]) { RedirectStandardOutput = true })!;
        var match = Version().Match(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        return match.Success ? int.Parse(match.ValueSpan) : 0;
    }

    [GeneratedRegex(@"(?<=\(PostgreSQL\) )\d+")]
    private static partial Regex Version();
}
