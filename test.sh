#!/usr/bin/env bash
# Builds everything and runs every test. On Debian as root it first installs the real servers that tests start privately.
# Usage: ./test.sh [name of a test project ...]      e.g. ./test.sh CdcSync.Core.Tests
set -euo pipefail
cd "$(dirname "$0")"

install_servers() {
  local missing=()
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
  command -v promtool >/dev/null || missing+=(prometheus)
  command -v npm >/dev/null || missing+=(nodejs npm)
  command -v tmux >/dev/null || missing+=(tmux)
  command -v chromium >/dev/null || missing+=(chromium)
  command -v systemd-analyze >/dev/null || missing+=(systemd)
  command -v docker-compose >/dev/null || missing+=(docker-compose)
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not installed: ${missing[*]}. Tests that need them are skipped." >&2
    return
  fi
  echo "Installing ${missing[*]} ..." >&2
  # Tests start servers of their own; the packages shall not start any.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# What Arrow files and OTLP messages are compared with. Those tests are skipped without it, and fail where CI=true.
install_reference() {
  local folder=$1
  command -v npm >/dev/null || return 0
  [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && return
  npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error >/dev/null || echo "npm ci failed in $folder: tests against it are skipped." >&2
}

projects=("$@") hung=()
if [ ${#projects[@]} -eq 0 ]; then
  for folder in tests/*.Tests; do projects+=("$(basename "$folder")"); done
fi

install_servers
install_reference tests/CdcSync.Arrow.Tests/Reference
install_reference tests/CdcSync.EndToEnd.Tests/Monitoring/OtlpReference
install_reference tests/CdcSync.EndToEnd.Tests/Examples/OdcsValidator
dotnet build CdcSync.sln --nologo -v quiet -clp:NoSummary
[ $# -gt 0 ] || dotnet format CdcSync.sln --no-restore --verify-no-changes

log=$(mktemp)
results=$(mktemp -d)
trap 'rm -rf "$log" "$results"' EXIT

# Runs a project's tests. A run in which no test ends for ten minutes hangs: it is ended, and the test that ran is named.
run_tests() {
  dotnet test "tests/$1" --no-build --nologo --results-directory "$results" --blame-hang --blame-hang-timeout 10m --blame-hang-dump-type none 2>&1 | tee "$results/log"
}

failed=0
for project in "${projects[@]}"; do
  echo "== $project"
  status=0
  run_tests "$project" || status=$?
  # What hung is told at the end, too; once a project, so that all other tests of it still count.
  if grep -q "The specified inactivity time" "$results/log"; then
    hung+=("$project: $(grep -A1 "The test running when the crash occurred" "$results/log" | tail -n 1)")
    pkill -KILL -f "$PWD/tests/$project/bin/" || true
    status=0
    run_tests "$project" || status=$?
  fi
  cat "$results/log" >>"$log"
  [ "$status" -eq 0 ] || failed=1
done
for test in "${hung[@]}"; do echo "HUNG once, and was run again: $test"; done

# The counts of all runs, from the runner's own closing lines.
awk -v broken="$failed" '
  /Failed: +[0-9]+, Passed: +[0-9]+, Skipped: +[0-9]+/ {
    gsub(",", "")
    for (i = 1; i < NF; i++) {
      if ($i == "Failed:") f += $(i + 1)
      if ($i == "Passed:") p += $(i + 1)
      if ($i == "Skipped:") s += $(i + 1)
    }
  }
  END {
    if (broken && !f) f = 1
    printf "%d passed, %d failed%s\n", p, f, (s ? ", " s " skipped" : "")
    exit (f || !p)
  }' "$log"
