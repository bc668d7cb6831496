#!/usr/bin/env bash
# What the agent costs, in one run: start, throughput, CPU, the filter's nanoseconds, wake-ups at rest; with and without it, as
# medians of ratios with their quartiles. `bench.sh [rounds=9] [seconds=5] [otel=PATH of opentelemetry-javaagent.jar]`, and:
#   before=PATH,…          other builds of httpaudit.jar as arms of the same run: what a change gained
#   warmup=20              seconds of load on each server before the first round
#   servers=jdk,tomcat     or jdk-tls, tomcat-tls;  jdk=17 or jdk=25: one JDK alone;  only=requests or only=start: that alone
#   app=PATH,…             fat jars whose start is measured, too, until they print "ready …": the one of starter/, say
# Nothing else should run meanwhile. Needs root (or CAP_NET_RAW and CAP_BPF), wrk, and some 45 minutes with OpenTelemetry's
# agent (its start alone takes three seconds), 20 without.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v wrk > /dev/null; then
  [ "$(id -u)" = 0 ] || { echo "bench.sh: wrk is missing: apt-get install wrk" >&2; exit 2; }
  echo "bench.sh: installing wrk" >&2
  apt-get update -qq > /dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq wrk > /dev/null
fi

mvn -q -B -ntp -DskipTests package
mvn -q -B -ntp -pl integration-tests -am -DskipTests package dependency:build-classpath -Dmdep.includeScope=test -Dmdep.outputFile=target/classpath
it=integration-tests/target
java -Dagent.jar="$PWD/agent/target/httpaudit.jar" -cp "$it/classes:$it/test-classes:$(cat "$it/classpath")" io.httpaudit.it.Bench "$@"
[[ " $* " == *" only="* ]] || mvn -q -B -ntp -pl agent surefire:test -Dtest=FilterCost -Dsurefire.failIfNoSpecifiedTests=false
