#!/usr/bin/env bash
# Every library below stacks/, as server and client, plain and over TLS, on each JDK, and the table of what came of it:
# `stacks.sh [--full] [module,…]`. --full: 4,000 exchanges against the capture and 10,000 in contexts a cell, else a twentieth.
# Needs root, tcpdump, tshark, python3 and ip, as run.sh installs them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
volume=1
if [ "${1:-}" = --full ]; then
  volume=20
  shift
fi
mvn -q -B -ntp -DskipTests package
mvn -B -ntp -pl agent,integration-tests/stacks/contract,integration-tests verify \
  -Dvolume="$volume" -Dstacks.all=true -Dstacks.only="${1:-}" -Dit.test=StacksIT \
  -Dtest=NoSuch -Dsurefire.failIfNoSpecifiedTests=false | grep -E '^\[ERROR\]|Tests run:|^[^[].*  |cells:'
