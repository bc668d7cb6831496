#!/usr/bin/env bash
# A small shop of two services under httpaudit, and what the kernel saw of each of their HTTP exchanges.
set -euo pipefail

usage() {
  cat <<'TEXT'
demo-app/run.sh [--keep] [--log FILE]

Builds httpaudit if need be, starts two services under the agent (shop, which calls stock), sends them
requests over loopback and, as root, from a network namespace of its own over a veth pair, and prints
a waterfall of each exchange. It ends by itself and leaves nothing behind.

  --keep      the services stay up until Ctrl-C
  --log FILE  the audit log is written to FILE, and kept
  --help      this

Needs a JDK (17 or newer), Maven to build, and, for the outside interface, root and iproute2. As root it
installs what is missing from Debian's or Ubuntu's packages, and says so.

Spans go to OTEL_EXPORTER_OTLP_ENDPOINT, or to http://localhost:4318 if something answers there. Links
lead to JAEGER_UI, by default http://localhost:16686, if that answers.
TEXT
}

keep=false
log=
while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=true ;;
    --log) log=${2:?--log needs a file}; shift ;;
    --help | -h) usage; exit 0 ;;
    *) echo "demo: unknown option '$1'" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
case $log in '' | /*) ;; *) log=$PWD/$log ;; esac

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
agent=$root/agent/target/httpaudit.jar
classes=$root/demo-app/target/classes

say() { printf '%s\n' "$*"; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }
is_root() { [ "$(id -u)" = 0 ]; }

# --- What is needed ---------------------------------------------------------------------------------------

# apt_install PACKAGE...: the first of them that this release has.
apt_install() {
  local package
  apt-get -qq update >"$work/apt.log" 2>&1 || true
  for package in "$@"; do
    apt-cache show "$package" >/dev/null 2>&1 || continue
    say "  installing $package (apt-get) ..."
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "$package" >>"$work/apt.log" 2>&1 && return 0
  done
  cat "$work/apt.log" >&2
  return 1
}

# need COMMAND PACKAGE...: there, or installed, or named.
need() {
  local command=$1
  shift
  command -v "$command" >/dev/null && return 0
  if is_root && command -v apt-get >/dev/null && apt_install "$@"; then
    hash -r
    command -v "$command" >/dev/null && return 0
  fi
  fail "'$command' is missing: install the package $1"
}

find_java() {
  if [ -n "${JAVA_HOME:-}" ]; then
    java=$JAVA_HOME/bin/java
    [ -x "$java" ] || fail "JAVA_HOME is '$JAVA_HOME', and there is no bin/java in it"
  else
    need javac openjdk-21-jdk-headless openjdk-17-jdk-headless openjdk-25-jdk-headless default-jdk-headless
    java=$(command -v java)
  fi
  version=$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.version = //p')
  [ "${version%%[.+-]*}" -ge 17 ] || fail "Java $version is too old: 17 or newer is needed; set JAVA_HOME"
}

# Whether the agent and the services are there, and no source is newer.
is_built() {
  [ -f "$agent" ] && [ -f "$classes/io/httpaudit/demo/Shop.class" ] || return 1
  [ -z "$(find "$root/agent/src/main" "$root/agent/src/boot" "$root/bpf/httpaudit.bpf.o" -type f -newer "$agent" -print -quit 2>/dev/null)" ] &&
    [ -z "$(find "$root/demo-app/src" -type f -newer "$classes/io/httpaudit/demo/Shop.class" -print -quit 2>/dev/null)" ]
}

build() {
  local started=$SECONDS mvn
  need mvn maven
  [ -w "$root/agent" ] && [ -w "$root/demo-app" ] ||
    fail "$root is not built, and this user may not write to it: run 'mvn -DskipTests package' as its owner"
  printf '  building with Maven ...'
  (cd "$root" && exec mvn -B -ntp -Dmaven.test.skip=true -pl agent,demo-app package) >"$work/build.log" 2>&1 &
  mvn=$!
  pids+=("$mvn")
  while kill -0 "$mvn" 2>/dev/null; do
    sleep 1
    [ -t 1 ] && printf '\r  building with Maven ... %d s' $((SECONDS - started))
  done
  if ! wait "$mvn"; then
    printf '\n'
    tail -n 40 "$work/build.log" >&2
    fail "the build failed"
  fi
  # Maven leaves a class alone whose source is only younger, not other.
  touch "$classes/io/httpaudit/demo/Shop.class" "$agent"
  printf '\r  built with Maven in %d s    \n' $((SECONDS - started))
}

# --- The network: a namespace of our own, joined by a cable -------------------------------------------------

namespace=httpaudit-demo-$$
cable=had$$a
has_namespace=false
has_cable=false

# Prefixes that are for documentation (RFC 5737, RFC 3849), if nobody uses them here. Two demos at once take different ones.
choose_prefixes() {
  local net i n
  for net in 198.51.100 203.0.113 192.0.2; do
    for ((i = 0; i < 64; i++)); do
      n=$(((i + $$) % 64 * 4))
      is_free "$net.$n/30" || continue
      v4_shop=$net.$((n + 1))
      v4_customer=$net.$((n + 2))
      v6=$(printf '2001:db8:%x:%x' $(($$ / 65536)) $(($$ % 65536)))
      [ -z "$(ip -6 route show table all root "$v6::/64" 2>/dev/null)" ] || v6=
      return 0
    done
  done
  return 1
}

# No address or route within it, and no route but a default one to it.
is_free() {
  [ -z "$(ip -4 route show table all root "$1" 2>/dev/null)" ] &&
    ! ip -4 route show table all match "$1" 2>/dev/null | grep -qv '^default'
}

# Says why not, in $outside, if it can't be had.
make_network() {
  outside=
  if ! is_root; then
    outside='loopback only: an outside interface of its own needs root'
    return
  fi
  need ip iproute2
  choose_prefixes || { outside='loopback only: every address for documentation (RFC 5737) is in use here'; return; }
  if ! ip netns add "$namespace" 2>"$work/ip.log"; then
    outside="loopback only: $(tr '\n' ' ' <"$work/ip.log")(a container without CAP_SYS_ADMIN?)"
    return
  fi
  has_namespace=true
  if ! ip link add "$cable" type veth peer name eth0 netns "$namespace" 2>"$work/ip.log"; then
    outside="loopback only: $(tr '\n' ' ' <"$work/ip.log")"
    return
  fi
  has_cable=true
  ip address add "$v4_shop/30" dev "$cable"
  ip link set "$cable" up
  ip -n "$namespace" link set lo up
  ip -n "$namespace" address add "$v4_customer/30" dev eth0
  ip -n "$namespace" link set eth0 up
  if [ -z "$v6" ] || ! ip address add "$v6::1/64" dev "$cable" nodad 2>/dev/null ||
    ! ip -n "$namespace" address add "$v6::2/64" dev eth0 nodad 2>/dev/null; then
    v6=
  fi
}

# --- Services -----------------------------------------------------------------------------------------------

pids=()

# start NAME MAIN ARGUMENT...: under the agent; sets $port.
start() {
  local name=$1 i
  shift
  : >"$work/$name.out"
  # The JDK's server would wait 40 ms between a head and its body otherwise (Nagle's algorithm).
  OTEL_SERVICE_NAME=$name "$java" "-javaagent:$agent=log=$log,ignore=/health" -Dsun.net.httpserver.nodelay=true \
    -cp "$classes" "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null &
  pids+=($!)
  for ((i = 0; i < 600; i++)); do
    port=$(sed -n 's/^listening on //p' "$work/$name.out")
    [ -z "$port" ] || return 0
    kill -0 "${pids[-1]}" 2>/dev/null || break
    sleep 0.1
  done
  cat "$work/$name.err" >&2
  fail "$name did not start"
}

stop() {
  local pid
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null || true
  done
  for pid in "${pids[@]}"; do
    wait "$pid" 2>/dev/null || true
  done
  pids=()
}

# What the agents can do here, by their own word. It comes when their kernel side is up, or has failed: then the customer may.
find_tier() {
  local i service
  for service in stock shop; do
    tier=
    for ((i = 0; i < 100; i++)); do
      tier=$(sed -n 's/.*; \(tier [^;]*\);.*/\1/p; s/.*; \(application times only[^;]*\);.*/\1/p' "$work/$service.err" | head -n 1)
      [ -z "$tier" ] || break
      sleep 0.1
    done
  done
  [ -n "$tier" ] || tier='not known: the agent is quiet'
}

# customer COMMAND...: at the addresses in it.
customer() { "$@" >>"$work/customer.out" 2>"$work/customer.err" || { cat "$work/customer.err" >&2; fail "the customer was not served"; }; }

answers() { # HOST PORT
  timeout 2 bash -c ": </dev/tcp/$1/$2" 2>/dev/null
}

# http://host:port/path, as "host port".
host_and_port() {
  local rest=${1#*://}
  rest=${rest%%/*}
  rest=${rest##*@}
  case $rest in
    *:*) printf '%s %s' "${rest%:*}" "${rest##*:}" ;;
    *) printf '%s 80' "$rest" ;;
  esac
}

# Of the last order, as the customer measured it, in milliseconds.
last_wait() { sed -n '$s/.* \([0-9.]*\) ms$/\1/p' "$work/customer.out"; }

# Of the last order, what stock's view says: read_wait and process.
last_reservation() {
  sed -n 's#.*"side":"server".*/reserve.*"read_wait":\([0-9.]*\).*"process":\([0-9.]*\).*#\1 \2#p' "$log" | tail -n 1
}

# has_trace UI TRACE: whether Jaeger shows it, as it does some moments after it was sent.
has_trace() {
  local host port i
  read -r host port < <(host_and_port "$1")
  for ((i = 0; i < 20; i++)); do
    timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "GET /api/traces/%s HTTP/1.0\r\nHost: %s\r\n\r\n" "$2" "$0" >&3 &&
      read -r _ status _ <&3 && [ "$status" = 200 ]' "$host" "$port" "$2" 2>/dev/null && return 0
    sleep 0.25
  done
  return 1
}

# links UI: to the customer's orders, if there is a Jaeger that has them.
links() {
  local trace url
  # shellcheck disable=SC2046
  answers $(host_and_port "$1") || return 0
  say
  if ! has_trace "$1" "$(sed -n 's/^  \([0-9a-f]*\) .*/\1/p' "$work/customer.out" | tail -n 1)"; then
    say "The Jaeger at $1 has no trace of the orders: do the spans go there?"
    return 0
  fi
  say "In Jaeger, the customer's orders:"
  while read -r trace _ url _; do
    say "  $1/trace/$trace  ${url%%\?*}"
  done <"$work/customer.out"
}

# --- On any way out -----------------------------------------------------------------------------------------

work=$(mktemp -d "${TMPDIR:-/tmp}/httpaudit-demo.XXXXXX")
cleanup() {
  trap - EXIT
  trap '' INT TERM HUP
  stop
  # The cable first: a namespace's deletion takes its links along, but later.
  ! $has_cable || ip link del "$cable" 2>/dev/null || true
  ! $has_namespace || ip netns del "$namespace" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# --- The demo -----------------------------------------------------------------------------------------------

say "httpaudit demo: a customer orders at shop, which asks stock. Both run under the agent; the customer does not."
find_java
is_built || build
if [ -n "$log" ]; then : >>"$log"; else log=$work/audit.jsonl; fi
make_network

if [ -n "${OTEL_EXPORTER_OTLP_ENDPOINT:-}${OTEL_EXPORTER_OTLP_TRACES_ENDPOINT:-}${OTEL_TRACES_EXPORTER:-}" ]; then
  spans="as OTEL_* says: ${OTEL_EXPORTER_OTLP_TRACES_ENDPOINT:-${OTEL_EXPORTER_OTLP_ENDPOINT:-$OTEL_TRACES_EXPORTER}}"
elif answers localhost 4318; then
  spans=http://localhost:4318
else
  spans='none, since nothing answers at http://localhost:4318; for a Jaeger:
           docker run --rm -p 16686:16686 -p 4318:4318 jaegertracing/jaeger:2.13.0'
  export OTEL_TRACES_EXPORTER=none
fi

start stock io.httpaudit.demo.Stock
stock_port=$port
start shop io.httpaudit.demo.Shop "http://127.0.0.1:$stock_port/"
shop_port=$port

find_tier

say "  java     $version"
say "  rights   $tier"
if [ -z "$outside" ]; then
  say "  network  shop on loopback, and at $v4_shop${v6:+ and $v6::1} on $cable; the customer also in the namespace $namespace"
else
  say "  network  $outside"
fi
say "  spans    $spans"

lo=("http://127.0.0.1:$shop_port/")
! grep -q ' lo$' /proc/net/if_inet6 2>/dev/null || lo+=("http://[::1]:$shop_port/")
run_customer=("$java" -cp "$classes" io.httpaudit.demo.Customer)
if [ -z "$outside" ]; then
  out=("http://$v4_shop:$shop_port/")
  [ -z "$v6" ] || out+=("http://[$v6::1]:$shop_port/")
  customer "${run_customer[@]}" "${lo[@]}"
  customer ip netns exec "$namespace" "${run_customer[@]}" "${out[@]}" busy "${out[0]}"
else
  customer "${run_customer[@]}" "${lo[@]}" busy "${lo[0]}"
fi

say
say "What the customer measured (trace, request, status, time):"
cat "$work/customer.out"

if $keep; then sleep 2; else stop; fi

say
case $tier in
  tier\ 1*)
    say "What the agents saw. An exchange has one view from each end that runs under the agent, on one axis: where the client"
    say "waits and the server does nothing yet, the request lies in the server's kernel (read_wait), and no code knows of it."
    say
    "$java" -jar "$agent" report --all "$log"
    say
    read -r unread handler < <(last_reservation) || fail "the audit log has no view of stock's of the last order"
    say "The last order: stock's handler took $handler ms (process), and knows of no more. The customer waited $(last_wait) ms:"
    say "stock's one worker was busy counting, and for $unread ms (read_wait) the order lay in the kernel, unread."
    ;;
  *)
    say "What the agents saw, without the right to see packets: what the application did, and what the kernel says of a"
    say "connection (TCP_INFO). An exchange has one view from each end that runs under the agent."
    say
    "$java" -jar "$agent" report --all "$log"
    say
    say "The last order: the customer waited $(last_wait) ms, stock's handler took some 5 of them, and nothing here says where the"
    say "others went. With CAP_NET_RAW and CAP_BPF the same order shows it: it lay in stock's kernel, unread (read_wait)."
    ;;
esac

say
say "What the agents said on stderr:"
for service in shop stock; do
  sed "s/^/  $service: /" "$work/$service.err"
done

case $spans in
  none*) ;;
  *) links "${JAEGER_UI:-http://localhost:16686}" ;;
esac

if $keep; then
  say
  say "The services stay up until Ctrl-C:"
  say "  curl http://127.0.0.1:$shop_port/order"
  [ -n "$outside" ] || say "  ip netns exec $namespace curl http://$v4_shop:$shop_port/order"
  say "  $java -jar $agent report $log"
  # A wait is ended by a signal at once; a foreground sleep would not be.
  wait "${pids[@]}" || true
fi
