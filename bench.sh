#!/usr/bin/env bash
# Measures what docs/performance.md claims: ours and the native tool in turn, on private servers, medians and ratios.
# Usage: ./bench.sh [first-load | stages | snapshot | ranges | digest | edits | false-alarms | small-batch | rules | gates | replication | arrow ...] [--runs N] [--rows N] [--minutes N]
set -euo pipefail
cd "$(dirname "$0")"

missing=()
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
command -v pgloader >/dev/null || missing+=(pgloader)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not installed: ${missing[*]}." >&2
    exit 2
  fi
  echo "Installing ${missing[*]} ..." >&2
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# What is measured is what is shipped: published, compiled ahead for this machine. The lock files name no machine, so that they stay out of it.
published=$PWD/artifacts/bench
dotnet publish src/CdcSync.Cli -c Release -r "linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')" --self-contained false -p:PublishReadyToRun=true \
  -p:NuGetLockFilePath=obj/publish.lock.json -o "$published" --nologo -v quiet -clp:NoSummary
dotnet build tests/CdcSync.Benchmarks -c Release --nologo -v quiet -clp:NoSummary
exec dotnet tests/CdcSync.Benchmarks/bin/Release/net10.0/CdcSync.Benchmarks.dll --cdcsync "$published/cdcsync" "$@"
