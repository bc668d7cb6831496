# shellcheck shell=bash
# The JVMs. All that is started here is in $pids, and ended by stop.

pids=()

# start NAME COMMAND...: a JVM that says on which port it listens; sets $port.
start() {
  local name=$1 i
  shift
  : >"$work/$name.out"
  if [ "$name" = customer ]; then
    mkfifo "$work/customer.in"
    # Both ways, so that neither end waits for the other to open it.
    exec {to_customer}<>"$work/customer.in"
    "$@" >"$work/$name.out" 2>"$work/$name.err" <"$work/customer.in" &
  else
    "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null &
  fi
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

# audited NAME [PREFIX...] MAIN ARGUMENT...: under the agent. What of a prefix there is (like ip netns exec) ends before MAIN.
audited() {
  local name=$1 prefix=()
  shift
  while [ "${1#io.httpaudit.}" = "$1" ]; do
    prefix+=("$1")
    shift
  done
  # Phases of less than 5 ms are no part of the story. The JDK's server would wait 40 ms between a head and its body if it
  # weren't told otherwise (Nagle's algorithm).
  start "$name" env "OTEL_SERVICE_NAME=$name" "${prefix[@]}" "$java" \
    "-javaagent:$agent=log=$log,ignore=/health,query.keep=item+shelf,phases.min=5ms" -Dsun.net.httpserver.nodelay=true \
    "-Djavax.net.ssl.trustStore=$work/trusted.p12" -Djavax.net.ssl.trustStorePassword=changeit -cp "$classes" "$@"
}

# Keys for the bank, which the shop trusts, and for someone whom it doesn't know. They go with $work.
make_keys() { # HOST
  local keytool=${java%java}keytool kept="-storetype PKCS12 -storepass changeit" owner makers=()
  [ -x "$keytool" ] || fail "'$keytool' is missing: a JDK has it"
  for owner in bank stranger; do
    # shellcheck disable=SC2086
    "$keytool" -genkeypair -alias "$owner" -keyalg EC -groupname secp256r1 -dname "CN=$owner" -ext "san=ip:$1" \
      -keystore "$work/$owner.p12" $kept >"$work/$owner.log" 2>&1 &
    makers+=($!)
  done
  wait "${makers[0]}" && wait "${makers[1]}" || { cat "$work/bank.log" "$work/stranger.log" >&2; fail "keytool has made no keys"; }
  # shellcheck disable=SC2086
  "$keytool" -exportcert -alias bank -keystore "$work/bank.p12" $kept 2>"$work/bank.log" |
    "$keytool" -importcert -noprompt -alias bank -keystore "$work/trusted.p12" $kept >>"$work/bank.log" 2>&1 ||
    { cat "$work/bank.log" >&2; fail "keytool has exported no certificate"; }
}

# The bank on its host, if there is one; its spans come here by a relay, since a Jaeger often listens on loopback alone.
start_bank() {
  local host to path keys=("$work/bank.p12" "$work/stranger.p12")
  if [ -n "$no_outside" ]; then
    audited bank io.httpaudit.demo.Bank "${keys[@]}"
    return
  fi
  case $endpoint in
    '') audited bank ip netns exec "$namespace" io.httpaudit.demo.Bank "${keys[@]}" ;;
    http://*)
      read -r host to < <(host_and_port "$endpoint") || true
      path=${endpoint#http://}
      path=${path#"${path%%/*}"}
      start relay "$java" -cp "$classes" io.httpaudit.demo.Relay "$near" "$host" "$to"
      local variable=OTEL_EXPORTER_OTLP_ENDPOINT
      [ -z "${OTEL_EXPORTER_OTLP_TRACES_ENDPOINT:-}" ] || variable=OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
      audited bank "$variable=http://$near:$port$path" ip netns exec "$namespace" io.httpaudit.demo.Bank "${keys[@]}"
      ;;
    *)
      say "  spans    not the bank's: from its host there is no way to $endpoint"
      audited bank OTEL_TRACES_EXPORTER=none ip netns exec "$namespace" io.httpaudit.demo.Bank "${keys[@]}"
      ;;
  esac
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
  for service in stock bank shop customer; do
    tier=
    for ((i = 0; i < 100; i++)); do
      tier=$(sed -n 's/.*; \(tier [^;]*\);.*/\1/p; s/.*; \(application times only[^;]*\);.*/\1/p' "$work/$service.err" | head -n 1)
      [ -z "$tier" ] || break
      sleep 0.1
    done
  done
  [ -n "$tier" ] || tier='not known: the agent is quiet'
}

# go WISH: the customer does that, whole.
go() {
  local i before
  before=$(grep -c '^done ' "$work/customer.out") || true
  printf '%s\n' "$1" >&"$to_customer"
  for ((i = 0; i < 1200; i++)); do
    [ "$(grep -c '^done ' "$work/customer.out")" -le "$before" ] || return 0
    kill -0 "$customer_pid" 2>/dev/null || break
    sleep 0.05
  done
  cat "$work/customer.err" >&2
  fail "the customer was not served ($1)"
}

# own SERVICE WHAT [N]: milliseconds, as the service's own log says of what it did last (or last but N).
own() {
  local time
  time=$(sed -n "s#^$2 \\([0-9.]*\\) ms\$#\\1#p" "$work/$1.out" | tail -n "$((${3:-0} + 1))" | head -n 1)
  [ -n "$time" ] || fail "$1 says nothing of '$2'"
  rounded "$time"
}
