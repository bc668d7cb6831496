# shellcheck shell=bash
# The story: nine steps, each a trace of its own. What the applications say of it comes from their own logs, what the
# wire says from the audit log.

traces=()
number=0
log_from=0

# --- How it is told -----------------------------------------------------------------------------------------

# tell LABEL TEXT: wrapped, under its label.
tell() {
  printf '%s\n' "$2" | fold -s -w 100 | sed "1s/^/   $(printf '%-11s' "$1")/; 2,\$s/^/              /; s/ *\$//"
}

own_times() { tell 'own times' "$1"; }
wire() { ! $sees_wire || tell 'the wire' "$1"; }
in_truth() { tell 'in truth' "$1"; }

# Below a drawing there is one already.
gap() { ! $shows_links && [ "$number" != 1 ] || say; }

# step TITLE: what the applications did before is over by now, and told in the log.
step() {
  number=$((number + 1))
  sleep 0.3
  log_from=$(wc -l <"$log")
  gap
  say "$number  $1"
}

# end LINE: where to look at the whole of that line's trace.
end() {
  local trace
  trace=$(of "$1" trace_id)
  traces+=("$trace")
  if $shows_links; then
    tell Jaeger "$ui/trace/$trace"
  else
    say
    waterfall "$trace"
  fi
}

# Of one trace, without what is told of the whole log; what the bars are is told once.
waterfall() {
  local legend=
  [ "$number" != 1 ] || legend='/ could not see /{s/^/   /;G;p}'
  this_step | grep -F "\"trace_id\":\"$1\"" | "$java" -jar "$agent" report --all - |
    sed -e "$legend" -e '/ could not see /,$d' -e 's/^\(.\)/   \1/'
}

# --- Figures ------------------------------------------------------------------------------------------------

# rounded MILLIS: to a tenth.
rounded() { LC_ALL=C printf '%.1f' "$1"; }

# millis MICROS: likewise.
millis() { LC_ALL=C printf '%d.%d' $((($1 + 50) / 1000)) $((($1 + 50) % 1000 / 100)); }

this_step() { tail -n "+$((log_from + 1))" "$log"; }

# seen SERVICE SIDE PATH [COUNT]: the last line of the audit log on that, once there are so many of this step.
seen() {
  local i lines
  for ((i = 0; i < 150; i++)); do
    lines=$(this_step | grep -F "\"service\":\"$1\"" | grep -F "\"side\":\"$2\"" | grep "\"url\":\"[^\"]*$3[?\"]") || true
    if [ "$(printf '%s\n' "$lines" | grep -c .)" -ge "${4:-1}" ]; then
      printf '%s\n' "$lines" | sort -t '"' -k 16,16 | tail -n 1
      return 0
    fi
    sleep 0.1
  done
  fail "the audit log has no $2 view of $1's of $3 within 15 s"
}

# of_sequence N SERVICE SIDE: the last line on the Nth exchange of a connection.
of_sequence() {
  this_step | grep -F "\"service\":\"$2\"" | grep -F "\"side\":\"$3\"" | grep -F "\"sequence\":$1," | tail -n 1
}

# connection PEER-PORT: the line of a connection of the shop's that never carried an exchange.
connection() {
  local i line
  for ((i = 0; i < 150; i++)); do
    line=$(this_step | grep -F '"type":"connection"' | grep "\"peer\":\"[^\"]*:$1\"") && break
    sleep 0.1
  done
  [ -n "$line" ] || fail "the audit log has no connection to port $1 within 15 s"
  printf '%s\n' "$line"
}

# of LINE KEY [OBJECT]: a figure or a word of a line, or of an object in it. Without rights most figures are not known.
of() {
  local pattern="\"$2\":\"?([^\",}]*)"
  [ -z "${3:-}" ] || pattern="\"$3\":\\{[^}]*$pattern"
  if [[ $1 =~ $pattern ]]; then
    printf '%s' "${BASH_REMATCH[1]}"
  elif $sees_wire; then
    fail "the audit log does not say ${3:+$3.}$2: $1"
  fi
}

phase() { rounded "$(of "$1" "$2" timings)"; }

# --- The steps ----------------------------------------------------------------------------------------------

here_and_there() {
  local customer stock bank
  step 'One call on this host, one to another'
  go checkout
  own_times "The customer waited $(own customer 'waited 200') ms for the shop, the shop $(own shop 'asked stock /reserve') ms for stock and $(own shop 'asked bank /pay') ms for the bank."
  customer=$(seen customer client /checkout)
  seen shop server /checkout >/dev/null
  stock=$(seen shop client /reserve)
  seen stock server /reserve >/dev/null
  bank=$(seen shop client /pay)
  seen bank server /pay >/dev/null
  wire "Stock was asked over $(of "$stock" interface), the bank over $(of "$bank" interface)."
  if [ -z "$no_outside" ]; then
    in_truth "Stock is on this host, the bank is not. A filter on lo, as tutorials have it, sees the first call alone."
  else
    in_truth "Both are on this host. As root the demo has another one for the bank."
  fi
  end "$customer"
}

# How often stock began to count.
counts() { grep -c '^counting' "$work/stock.out" || true; }

all_busy() {
  local customer stock counting i
  step 'All workers are busy'
  counting=$(counts)
  go someone-else-inventory
  for ((i = 0; $(counts) - counting < 3; i++)); do
    [ "$i" -lt 500 ] || fail "stock does not count"
    sleep 0.02
  done
  go basket
  own_times "Stock's handler took $(own stock 'served /reserve') ms. The shop waited $(own shop 'asked stock /reserve') ms for it."
  customer=$(seen customer client /basket)
  seen shop server /basket >/dev/null
  seen shop client /reserve >/dev/null
  stock=$(seen stock server /reserve)
  wire "The request had come, and $(phase "$stock" read_wait) ms later a worker read it (read_wait)."
  in_truth "All of stock's three workers were counting, for someone else."
  end "$customer"
}

nobody_accepts() {
  local customer bank booked
  step 'Nobody accepts'
  go checkout-after-another
  booked=$(own bank booked)
  own_times "The bank took $(own bank 'served /pay') ms. The shop waited $(own shop 'asked bank /pay') ms for it."
  customer=$(seen customer client /checkout 2)
  seen shop server /checkout 2 >/dev/null
  seen shop client /reserve 2 >/dev/null
  seen stock server /reserve 2 >/dev/null
  seen shop client /pay 2 >/dev/null
  bank=$(seen bank server /pay 2)
  wire "The request had come, and $(phase "$bank" accept_wait) ms later the bank accepted its connection (accept_wait)."
  in_truth "The bank's only clerk was entering the payment before this one in the books, for $booked ms."
  end "$customer"
}

fan_out() {
  local customer unread
  step 'Four calls at once, by four threads'
  go inventory
  own_times "Each of stock's handlers took some $(own stock 'served /count') ms. The shop asked for all four at once, and waited $(own shop 'asked stock /count') ms for the last."
  customer=$(seen customer client /inventory)
  seen shop server /inventory >/dev/null
  seen shop client /count 4 >/dev/null
  seen stock server /count 4 >/dev/null
  unread=$(this_step | sed -n 's/.*"service":"stock".*"side":"server".*"read_wait":\([0-9.]*\).*/\1/p' | sort -n | tail -n 1)
  wire "Three requests were read at once, the fourth after $(rounded "${unread:-0}") ms (read_wait)."
  in_truth "Stock has three workers. All four calls are the shop's, in one trace, although other threads than the one that serves the customer made them."
  end "$customer"
}

read_late() {
  local customer
  step 'A client reads late'
  go catalogue
  own_times "The customer had the catalogue after $(own customer 'waited 200') ms, the shop's handler took $(own shop 'served /catalogue')."
  customer=$(seen customer client /catalogue)
  seen shop server /catalogue >/dev/null
  wire "All of it had come, and $(phase "$customer" lag) ms later the customer had read it (lag)."
  in_truth "It looked at the first line for $(own customer looked) ms before it read on."
  end "$customer"
}

one_is_lost() {
  local customer shop bank sent got
  $can_lose || return 0
  step 'A packet is lost on the way'
  lose_one psh "$bank_port"
  go checkout
  own_times "The bank took $(own bank 'served /pay') ms. The shop waited $(own shop 'asked bank /pay') ms for it."
  customer=$(seen customer client /checkout)
  seen shop server /checkout >/dev/null
  seen shop client /reserve >/dev/null
  seen stock server /reserve >/dev/null
  shop=$(seen shop client /pay)
  bank=$(seen bank server /pay)
  sent=$(of "$shop" first_us request)
  got=$(of "$bank" first_us request)
  wire "The request left the shop's host twice (retransmits: $(of "$shop" retransmits request)), and reached the bank $(millis $((got - sent))) ms after the first time."
  in_truth "A firewall rule on the bank's host dropped $(lost "$bank_port") packet of it."
  end "$customer"
}

nobody_there() {
  local customer refused silent
  step 'Nobody is there'
  go delivery
  customer=$(seen customer client /delivery)
  seen shop server /delivery >/dev/null
  refused=$(connection "$refusing_port")
  if $can_lose; then
    silent=$(connection "$silent_port")
    own_times "No connection to one courier, after $(own shop "asked courier $refusing_port: .*,") ms, nor to the other, after $(own shop "asked courier $silent_port: .*,") ms."
    wire "The first said no: $(of "$refused" outcome), after $(of "$refused" syns) SYN and $(of "$refused" connect timings) ms. The other said nothing: $(of "$silent" outcome), after $(of "$silent" syns) SYNs and $(phase "$silent" connect) ms."
    in_truth "Nothing listens at the first's port. A firewall rule drops whatever comes to the other's."
  else
    own_times "No connection to the courier, after $(own shop "asked courier $refusing_port: .*,") ms."
    wire "It said no: $(of "$refused" outcome), after $(of "$refused" syns) SYN and $(of "$refused" connect timings) ms."
    in_truth "Nothing listens there."
  fi
  end "$customer"
}

# Of two calls on one connection, the first shakes hands.
over_https() {
  local customer first handshake lost=
  step 'Over HTTPS, twice'
  ! $can_lose || lose_one syn "$tls_port"
  go bills
  own_times "The bank took $(own bank 'served /pay' 1) and $(own bank 'served /pay') ms. The shop waited $(own shop 'asked bank /pay over HTTPS' 1) ms for the first payment, $(own shop 'asked bank /pay over HTTPS') ms for the second."
  customer=$(seen customer client /bills)
  seen shop server /bills >/dev/null
  seen shop client /pay 2 >/dev/null
  seen bank server /pay 2 >/dev/null
  first=$(of_sequence 0 shop client)
  wire "The first call's connection took $(phase "$first" connect) ms (connect), the TLS handshake $(phase "$first" ssl) ms (ssl), before a byte of the request was sent. The second call had neither: it came on the same connection."
  handshake="The bank's key lies in a vault: fetching it took $(own bank fetched) of the $(own bank 'shook hands') ms of the handshake."
  ! $can_lose || lost="A firewall rule dropped $(lost "$tls_port") SYN, and Linux waits a second before the next. "
  in_truth "$lost$handshake"
  end "$customer"
}

not_trusted() {
  local customer failed
  step 'A certificate is not trusted'
  go refund
  customer=$(seen customer client /refund)
  seen shop server /refund >/dev/null
  failed=$(connection "$stranger_port")
  own_times "No refund for the shop, after $(own shop 'asked stranger: no handshake,') ms."
  wire "Connected in $(of "$failed" connect timings) ms. But the handshake failed ($(of "$failed" outcome)) after $(of "$failed" after failure): the shop said $(of "$failed" alert failure)."
  in_truth "Who listens there has a key of its own, and its certificate is signed by nobody whom the shop trusts."
  end "$customer"
}

story() {
  here_and_there
  all_busy
  nobody_accepts
  fan_out
  read_late
  one_is_lost
  nobody_there
  over_https
  not_trusted
}
