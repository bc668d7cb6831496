# shellcheck shell=bash
# A Jaeger to tell the story to: one that runs, or one of the demo's own.

image=jaegertracing/jaeger:2.13.0
container=

# What is known of it: what was taken, where its user interface is (empty: none), where spans go (empty: nowhere),
# and whether it is ours to end.
jaeger=
ui=
endpoint=
is_ours=false

answers() { # HOST PORT
  timeout 2 bash -c ": </dev/tcp/$1/$2" 2>/dev/null
}

# http://host:port/path, as "host port".
host_and_port() {
  local rest=${1#*://} port=80
  case $1 in https:*) port=443 ;; esac
  rest=${rest%%/*}
  rest=${rest##*@}
  case $rest in
    *:*) printf '%s %s' "${rest%:*}" "${rest##*:}" ;;
    *) printf '%s %s' "$rest" "$port" ;;
  esac
}

# get UI PATH: the answer's body, if its status is 200.
get() {
  local host port
  read -r host port < <(host_and_port "$1") || true
  # shellcheck disable=SC2016
  timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n" "$2" "$0" >&3 &&
    read -r _ status _ <&3 && [ "$status" = 200 ] && cat <&3' "$host" "$port" "$2" 2>/dev/null
}

is_jaeger() { get "$1" /api/services >/dev/null; }

# Sets $jaeger, $ui and $endpoint: the first of those that the usage names.
find_jaeger() {
  local user=${OTEL_EXPORTER_OTLP_TRACES_ENDPOINT:-${OTEL_EXPORTER_OTLP_ENDPOINT:-}}
  ui=${JAEGER_UI:-http://localhost:16686}
  case ${OTEL_TRACES_EXPORTER:-otlp} in
    otlp) ;;
    *)
      jaeger="none, since OTEL_TRACES_EXPORTER is $OTEL_TRACES_EXPORTER"
      ui=
      return
      ;;
  esac
  if [ -n "$user" ]; then
    endpoint=$user
    jaeger="the one at $ui, since OTEL_* sends spans to $user"
    is_jaeger "$ui" || { jaeger="none at $ui (JAEGER_UI), though OTEL_* sends spans to $user"; ui=; }
    return
  fi
  if answers localhost 4318 && is_jaeger "$ui"; then
    endpoint=http://localhost:4318
    jaeger="the one that runs already, at $ui"
    return
  fi
  ui=
  choose_ports
  if start_installed || start_docker || start_beside; then
    is_ours=true
    ui=http://localhost:$query_http
    endpoint=http://localhost:$otlp_http
    jaeger="$jaeger, at $ui"
  else
    jaeger="none: it does not run at localhost:4318 and 16686, and there is no 'jaeger' on the PATH, and no Docker"
    export OTEL_TRACES_EXPORTER=none
  fi
}

# Its own if they are free, else others that are.
choose_ports() {
  local base=0
  until are_free $((otlp_grpc = 4317 + base)) $((otlp_http = 4318 + base)) \
    $((query_grpc = 16685 + base)) $((query_http = 16686 + base)); do
    base=$((10 + RANDOM % 1500 * 10))
  done
}

are_free() {
  local port
  for port in "$@"; do
    ! answers 127.0.0.1 "$port" || return 1
  done
}

start_installed() {
  command -v jaeger >/dev/null || return 1
  cat >"$work/jaeger.yaml" <<'CONFIG'
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {receivers: [otlp], exporters: [jaeger_storage_exporter]}
  telemetry:
    metrics: {level: none}
extensions:
  jaeger_storage:
    backends: {memory: {memory: {max_traces: 10000}}}
  jaeger_query:
    storage: {traces: memory}
    http: {endpoint: "127.0.0.1:${env:QUERY_HTTP}"}
    grpc: {endpoint: "127.0.0.1:${env:QUERY_GRPC}"}
receivers:
  otlp:
    protocols:
      http: {endpoint: "127.0.0.1:${env:OTLP_HTTP}"}
exporters: {jaeger_storage_exporter: {trace_storage: memory}}
CONFIG
  jaeger="'jaeger' on the PATH, started"
  run_jaeger jaeger --config "$work/jaeger.yaml"
}

start_docker() {
  command -v docker >/dev/null || return 1
  if ! timeout 10 docker info >"$work/docker.log" 2>&1; then
    say "  Jaeger   not in Docker: $(tail -n 1 "$work/docker.log")"
    return 1
  fi
  say "  Jaeger   starting $image in Docker, which may pull it first ..."
  if ! timeout 180 docker run -d --rm --name "$namespace" -p "127.0.0.1:$query_http:16686" -p "127.0.0.1:$otlp_http:4318" "$image" >"$work/docker.log" 2>&1; then
    say "  Jaeger   not in Docker: $(tail -n 1 "$work/docker.log")"
    return 1
  fi
  container=$namespace
  jaeger="in Docker, started"
  await_jaeger || {
    say "  Jaeger   not in Docker: $image does not answer within 30 s"
    stop_jaeger
    return 1
  }
}

start_beside() {
  local start=${root%/*}/shared/jaeger/start
  [ -x "$start" ] || return 1
  jaeger="../shared/jaeger/start beside the checkout, started"
  run_jaeger "$start"
}

# run_jaeger COMMAND...: until it answers, or says why it won't. Its ports are in its environment.
run_jaeger() {
  OTLP_GRPC=$otlp_grpc OTLP_HTTP=$otlp_http QUERY_HTTP=$query_http QUERY_GRPC=$query_grpc "$@" >"$work/jaeger.log" 2>&1 </dev/null &
  jaeger_pid=$!
  await_jaeger && return 0
  say "  Jaeger   not by ${jaeger%,*}: $(tail -n 1 "$work/jaeger.log")"
  stop_jaeger
  return 1
}

jaeger_pid=
await_jaeger() {
  local i
  for ((i = 0; i < 150; i++)); do
    ! is_jaeger "http://127.0.0.1:$query_http" || return 0
    [ -z "$jaeger_pid" ] || kill -0 "$jaeger_pid" 2>/dev/null || return 1
    sleep 0.2
  done
  return 1
}

stop_jaeger() {
  if [ -n "$jaeger_pid" ]; then
    kill "$jaeger_pid" 2>/dev/null || true
    wait "$jaeger_pid" 2>/dev/null || true
    jaeger_pid=
  fi
  if [ -n "$container" ]; then
    docker stop -t 2 "$container" >/dev/null 2>&1 || true
    container=
  fi
}

# has_trace TRACE SPANS: whether Jaeger shows it, with so many spans at least, as it does some moments after they were sent.
has_trace() {
  local i
  for ((i = 0; i < 40; i++)); do
    [ "$(get "$ui" "/api/traces/$1" | grep -o '"operationName"' | wc -l)" -lt "$2" ] || return 0
    sleep 0.25
  done
  return 1
}
