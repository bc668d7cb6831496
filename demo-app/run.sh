#!/usr/bin/env bash
# A small shop under httpaudit: nine steps, each with what its services' own times say, and what the wire says.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

usage() {
  cat <<'TEXT'
demo-app/run.sh [--keep] [--log FILE]

Builds httpaudit if need be, starts a customer, a shop, its stock and, as root on a host of its own (a network
namespace), its bank, each a JVM under the agent, and tells nine short stories of requests that were slow, or failed.
Each is one trace: with a Jaeger that stays up its link is printed, else the trace is drawn in the terminal.
It ends by itself and leaves nothing behind.

  --keep      the services, and a Jaeger of the demo's own, stay up until Ctrl-C
  --log FILE  the audit log is written to FILE, and kept
  --help      this

Needs a JDK (17 or newer), Maven to build, and, for the bank's host, root, iproute2 and nftables. As root it
installs what is missing from Debian's or Ubuntu's packages, and says so.

A Jaeger is, in this order: the one that runs already (spans at OTEL_EXPORTER_OTLP_ENDPOINT, by default
http://localhost:4318; links at JAEGER_UI, by default http://localhost:16686); 'jaeger', version 2, on the
PATH; Docker; ../shared/jaeger/start beside the checkout. The last three are started, and ended.
OTEL_TRACES_EXPORTER=none: none.
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

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${here%/*}
agent=$root/agent/target/httpaudit.jar
classes=$root/demo-app/target/classes

say() { printf '%s\n' "$*"; }
# Also out of a $(...), whose end alone would be overlooked.
fail() {
  printf 'demo: %s\n' "$*" >&2
  [ "$BASHPID" = $$ ] || kill -USR1 $$
  exit 1
}
is_root() { [ "$(id -u)" = 0 ]; }

# shellcheck source=lib/needs.sh
. "$here/lib/needs.sh"
# shellcheck source=lib/network.sh
. "$here/lib/network.sh"
# shellcheck source=lib/jaeger.sh
. "$here/lib/jaeger.sh"
# shellcheck source=lib/services.sh
. "$here/lib/services.sh"
# shellcheck source=lib/story.sh
. "$here/lib/story.sh"

# --- On any way out -----------------------------------------------------------------------------------------

work=$(mktemp -d "${TMPDIR:-/tmp}/httpaudit-demo.XXXXXX")
cleanup() {
  trap - EXIT
  trap '' INT TERM HUP
  stop
  stop_jaeger
  remove_network
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
trap 'exit 1' USR1

# --- The demo -----------------------------------------------------------------------------------------------

say "httpaudit demo: a customer calls a shop, which asks its stock and its bank. All four run under the agent."
find_java
is_built || build
if [ -n "$log" ]; then : >>"$log"; else log=$work/audit.jsonl; fi
make_network
make_lossy
find_jaeger
shows_links=false
if [ -n "$ui" ] && { $keep || ! $is_ours; }; then shows_links=true; fi

audited stock io.httpaudit.demo.Stock
stock_port=$port
bank_host=${far:-127.0.0.1}
make_keys "$bank_host"
start_bank
bank_port=$port
read -r tls_port stranger_port < <(sed -n 's/^speaks TLS on //p' "$work/bank.out")
couriers=("http://$bank_host:$refusing_port/")
! $can_lose || couriers+=("http://$bank_host:$silent_port/")
audited shop io.httpaudit.demo.Shop "http://127.0.0.1:$stock_port/" "http://$bank_host:$bank_port/" \
  "https://$bank_host:$tls_port/" "https://$bank_host:$stranger_port/" "${couriers[@]}"
shop_port=$port
audited customer io.httpaudit.demo.Customer "http://127.0.0.1:$shop_port/"
customer_pid=${pids[-1]}
find_tier
sees_wire=false
case $tier in tier\ 1*) sees_wire=true ;; esac

say "  java     $version"
say "  rights   $tier"
say "  network  ${no_outside:-customer, shop and stock on loopback; the bank at $far, over $cable}"
say "  Jaeger   $jaeger"

go warm-up
story

if $keep; then sleep 2; else stop; fi

gap
if ! $sees_wire; then
  say "Where times are missing above, nothing here says where they went: that takes the right to see packets. With"
  say "CAP_NET_RAW and CAP_BPF the same steps show it."
  say
fi
say "What the agents said on stderr:"
for service in customer shop stock bank; do
  sed "s/^/  $service: /" "$work/$service.err"
done

if [ -n "$ui" ]; then
  spans=0
  missing=
  for trace in "${traces[@]}"; do
    lines=$(grep -cF "\"trace_id\":\"$trace\"" "$log")
    has_trace "$trace" "$lines" || { missing=$trace; break; }
    spans=$((spans + lines))
  done
  say
  if [ -z "$missing" ]; then
    say "Jaeger has all ${#traces[@]} traces, with the spans of all $spans exchanges and connections in them."
  elif $is_ours; then
    fail "the Jaeger at $ui does not have all of trace $missing"
  else
    say "The Jaeger at $ui does not have all of trace $missing: do the spans go there, and is nothing sampled?"
  fi
  $shows_links || say "It ends now; with --keep it stays up to be looked at."
fi

if $keep; then
  say
  say "All stays up until Ctrl-C:"
  say "  curl http://127.0.0.1:$shop_port/inventory"
  say "  $java -jar $agent report $log"
  # A wait is ended by a signal at once; a foreground sleep would not be.
  wait "${pids[@]}" || true
fi
