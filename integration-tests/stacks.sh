#!/usr/bin/env bash
# Every library below stacks/, as server and client, plain and over TLS, on each JDK, and the table of what came of it:
# `stacks.sh [--full] [module,…]`. Of each library and role 10,000 requests in contexts, spread over its cells, and 200 exchanges
# a cell against the capture; --full: 10,000 and 4,000 a cell.
# Needs root, tcpdump, tshark, python3 and ip, as run.sh installs them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
volume=1
if [ "${1:-}" = --full ]; then
  volume=20
  shift
fi
mvn -q -B -ntp -DskipTests package
# A cell a processor at once.
parallel=-Djunit.jupiter.execution.parallel
mvn -B -ntp -pl agent,integration-tests/stacks/contract,integration-tests verify \
  -DargLine="$parallel.enabled=true $parallel.mode.default=concurrent $parallel.config.strategy=fixed \
  $parallel.config.fixed.parallelism=$(nproc)" \
  -Dvolume="$volume" -Dstacks.all=true -Dstacks.only="${1:-}" -Dit.test=StacksIT \
  -Dtest=NoSuch -Dsurefire.failIfNoSpecifiedTests=false | grep --line-buffered -E '^\[ERROR\]|Tests run:|^[^[].*  |cells:'
