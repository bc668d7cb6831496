#!/usr/bin/env bash
# All of httpaudit's tests, on a Debian or Ubuntu with a JDK and Maven: `run.sh --help`.
set -euo pipefail

usage() {
  cat <<'TEXT'
integration-tests/run.sh [--full]

Checks that the committed socket filter is its source's, builds, and runs every test: those of each class, and those that
start real JVMs under the agent, on each of JDK 17 and 25 that is installed, with packet captures as the oracle.

  --full   the volumes of the figures that the project claims; without it a twentieth, in well under half an hour
  --help   this

As root it installs from Debian's or Ubuntu's packages what is missing. Without rights it names what is missing, and tests
that need it are skipped; each says why. The whole output is in integration-tests/target/run.log.
TEXT
}

volume=1
while [ $# -gt 0 ]; do
  case $1 in
    --full) volume=20 ;;
    --help | -h) usage; exit 0 ;;
    *) echo "run.sh: unknown option '$1'" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

PATH=$PATH:/usr/sbin:/sbin # where some of these are, for those who are not root
cd "$(dirname "${BASH_SOURCE[0]}")/.."
begin=$SECONDS
log=$PWD/integration-tests/target/run.log
mkdir -p "$(dirname "$log")"
: > "$log"

say() { printf '%s\n' "$*" | tee -a "$log"; }
took() { printf '%d min %02d s' $(((SECONDS - begin) / 60)) $(((SECONDS - begin) % 60)); }
is_root() { [ "$(id -u)" = 0 ]; }
missing() { ! command -v "$1" > /dev/null; }

# --- What is needed ---------------------------------------------------------------------------------------------------

updated=
# install PACKAGE: false if this release has none, or it can't be had.
install() {
  is_root && ! missing apt-get || return 1
  if [ -z "$updated" ]; then
    updated=yes
    apt-get -qq update >> "$log" 2>&1 || true
  fi
  apt-cache show "$1" > /dev/null 2>&1 || return 1
  say "run.sh: installing $1"
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "$1" >> "$log" 2>&1
}

# need COMMAND PACKAGE WHAT-FOR
need() {
  missing "$1" || return 0
  if install "$2"; then
    hash -r
    missing "$1" || return 0
  fi
  say "run.sh: $1 is missing (package $2): $3 are skipped"
}

for tool in java javac; do
  if missing $tool && [ ! -x "${JAVA_HOME:-/none}/bin/$tool" ]; then
    say "run.sh: $tool is missing: install a JDK, 17 or newer (openjdk-17-jdk-headless)"
    exit 1
  fi
done
if missing mvn; then
  say "run.sh: mvn is missing: install maven"
  exit 1
fi

need tcpdump tcpdump "tests against a packet capture"
need tshark tshark "tests against a packet capture"
need ip iproute2 "tests with network namespaces"
need nft nftables "tests with firewall rules"
need setpriv util-linux "tests without rights"
need bpftool bpftool "tests that read the kernel's maps"
need ps procps "tests that look at threads from outside"
need ss iproute2 "tests that read sockets from outside"
need openssl openssl "tests of TLS with certificates"
need python3 python3 "tests whose other end of TLS is OpenSSL, by Python"
if [ -z "${JAEGER:-}" ] && missing jaeger && [ ! -x ../shared/jaeger/start ]; then
  say "run.sh: no Jaeger 2 (its program in the variable JAEGER, or 'jaeger' on the PATH): tests that look at traces in it are skipped"
fi
is_root || say "run.sh: not root: tests that load a packet filter or make network namespaces are skipped"

# --- The filter is its source's ---------------------------------------------------------------------------------------

# The compiler's version is pinned, since another one makes other bytes; not every release has it.
for package in clang-14 llvm-14 libbpf-dev; do
  case $package in
    clang-14) missing clang-14 ;;
    llvm-14) missing llvm-strip-14 ;;
    libbpf-dev) [ ! -e /usr/include/bpf/bpf_helpers.h ] ;;
  esac && { install "$package" || true; }
done
if ! missing clang-14 && ! missing llvm-strip-14 && [ -e /usr/include/bpf/bpf_helpers.h ]; then
  say "run.sh: is the filter its source's?"
  bash bpf/build.sh check 2>&1 | tee -a "$log"
else
  say "run.sh: not checked whether the filter is its source's: clang-14, llvm-14 and libbpf-dev are not all here ($(. /etc/os-release && echo "$PRETTY_NAME"))"
  if [ "${CI:-}" = true ] && (. /etc/os-release && [ "${ID:-} ${VERSION_ID:-}" = "debian 12" ]); then
    say "run.sh: Debian 12 has them, so in CI that is an error"
    exit 1
  fi
fi

# --- The tests --------------------------------------------------------------------------------------------------------

jdks=$(for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
  [ -x "$home/bin/java" ] && [ -r "$home/release" ] && sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release"
done | sort -nu | tr '\n' ' ') || true
say "run.sh: $(uname -sr), JDKs installed: ${jdks:-the default one only}"
say "run.sh: building and testing, volume $volume of 20; this takes a while"

rm -rf agent/target/surefire-reports demo-app/target/surefire-reports integration-tests/target/failsafe-reports
set +e
mvn -B -ntp -Pchecks -Dvolume="$volume" verify 2>&1 | tee -a "$log" |
  grep --line-buffered -E '^\[INFO\] (Building [a-z]|Running )|Tests run:|^\[ERROR\]|^[^[].* \| |BUILD'
exit=${PIPESTATUS[0]}
set -e

# --- What came of it --------------------------------------------------------------------------------------------------

say ""
skipped=$(grep -ohE '<skipped .*' {agent,demo-app,integration-tests}/target/*-reports/*.xml 2> /dev/null |
  sed 's/.*message="\([^"]*\).*/\1/; s/.*CDATA\[//; s/&#10;.*//; s/.*TestAbortedException: //; s/^Assumption failed: //' | sort | uniq -c) || true
[ -z "$skipped" ] || say "run.sh: tests skipped, and why:
$skipped"
say "run.sh: the test runners' last words:"
say "$(grep -E '^\[[A-Z]+\] Tests run: [0-9]+, Failures: [0-9]+, Errors: [0-9]+, Skipped: [0-9]+$' "$log" || echo '  none')"
if [ "$exit" = 0 ]; then
  say "run.sh: all passed, in $(took)"
else
  say "run.sh: FAILED after $(took): see $log"
fi
exit "$exit"
