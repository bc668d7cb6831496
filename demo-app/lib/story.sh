# shellcheck shell=bash
# The story: seven steps, each a trace of its own. What the applications say of it comes from their own logs, what the
# wire says from the audit log.

traces=()
number=0
log_from=0

# --- How it is told -----------------------------------------------------------------------------------------

# tell LABEL TEXT: wrapped, under its label.
tell() {
  printf '%s\n' "$2" | fold -s -w 100 | sed "1s/^/   $(printf '%-10s' "$1")/; 2,\$s/^/             /; s/ *\$//"
}

# step TITLE: what the applications did before is over by now, and told in the log.
step() {
  number=$((number + 1))
  sleep 0.3
  log_from=$(wc -l <"$log")
  say
  say "$number  $1"
}

# end TRACE: where to look at the whole of it.
end() {
  traces+=("$1")
  if $shows_links; then
    tell Jaeger "$ui/trace/$1"
  else
    say
    waterfall "$1"
  fi
}

# Of one trace, without what is told of the whole log.
waterfall() {
  this_step | grep -F "\"trace_id\":\"$1\"" | "$java" -jar "$agent" report --all - | sed '/^Slowest$/,$d; /^No exchange in this log/,$d; s/^\(.\)/   \1/'
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

# of LINE KEY [OBJECT]: a figure or a word of a line, or of an object in it.
of() {
  local pattern="\"$2\":\"?([^\",}]*)"
  [ -z "${3:-}" ] || pattern="\"$3\":\\{[^}]*$pattern"
  [[ $1 =~ $pattern ]] || fail "the audit log does not say ${3:+$3.}$2: $1"
  printf '%s' "${BASH_REMATCH[1]}"
}

phase() { rounded "$(of "$1" "$2" timings)"; }

# --- The steps ----------------------------------------------------------------------------------------------

here_and_there() {
  local customer stock bank
  step 'One call on this host, one to another'
  go checkout
  tell 'own times' "The customer waited $(own customer 'waited 200') ms for the shop, the shop $(own shop 'asked stock /reserve') ms for stock and $(own shop 'asked bank /pay') ms for the bank."
  customer=$(seen customer client /checkout)
  stock=$(seen shop client /reserve)
  bank=$(seen shop client /pay)
  seen stock server /reserve >/dev/null
  seen bank server /pay >/dev/null
  seen shop server /checkout >/dev/null
  if [ -z "$no_outside" ]; then
    ! $sees_wire || tell 'the wire' "Stock was asked over $(of "$stock" interface), the bank over $(of "$bank" interface). A filter on lo, as tutorials have it, sees the first call and misses the second."
  else
    ! $sees_wire || tell 'the wire' "Stock and the bank were both asked over $(of "$bank" interface): as root, the bank has a host of its own."
  fi
  end "$(of "$customer" trace_id)"
}

all_busy() {
  local customer stock
  step 'All workers are busy'
  go basket-while-counting
  tell 'own times' "Stock's handler took $(own stock 'served /reserve') ms. The shop waited $(own shop 'asked stock /reserve') ms for it."
  customer=$(seen customer client /basket)
  stock=$(seen stock server /reserve)
  seen shop client /reserve >/dev/null
  seen shop server /basket >/dev/null
  ! $sees_wire || tell 'the wire' "For $(phase "$stock" read_wait) ms the request lay in stock's kernel, unread (read_wait): all workers were counting, for someone else."
  end "$(of "$customer" trace_id)"
}

nobody_accepts() {
  local customer bank
  step 'Nobody accepts'
  go checkout-after-another
  tell 'own times' "The bank took $(own bank 'served /pay') ms. The shop waited $(own shop 'asked bank /pay') ms for it."
  customer=$(seen customer client /checkout 2)
  bank=$(seen bank server /pay 2)
  seen shop client /pay 2 >/dev/null
  seen shop client /reserve 2 >/dev/null
  seen stock server /reserve 2 >/dev/null
  seen shop server /checkout 2 >/dev/null
  ! $sees_wire || tell 'the wire' "For $(phase "$bank" accept_wait) ms connection and request stood in the bank's backlog (accept_wait): its only clerk was entering the payment before in the books."
  end "$(of "$customer" trace_id)"
}

fan_out() {
  local customer longest
  step 'Four calls at once, by four threads'
  go inventory
  tell 'own times' "Each of stock's four handlers took $(own stock 'served /count') ms, all asked for at once. The customer waited $(own customer 'waited 200') ms."
  customer=$(seen customer client /inventory)
  seen shop server /inventory >/dev/null
  seen shop client /count 4 >/dev/null
  seen stock server /count 4 >/dev/null
  longest=$(this_step | grep '"service":"stock","[^{]*"side":"server"' | sed -n 's/.*"read_wait":\([0-9.]*\).*/\1/p' | sort -n | tail -n 1)
  ! $sees_wire || tell 'the wire' "Stock has three workers: the fourth request lay in its kernel for $(rounded "$longest") ms, unread (read_wait). One trace, in which each call is the shop's."
  end "$(of "$customer" trace_id)"
}

read_late() {
  local customer shop
  step 'A client reads late'
  go catalogue
  tell 'own times' "The customer's call took $(own customer 'waited 200') ms: is the shop slow?"
  customer=$(seen customer client /catalogue)
  seen shop server /catalogue >/dev/null
  ! $sees_wire || tell 'the wire' "All of the answer was there, and for $(phase "$customer" lag) ms the customer did not read it (lag)."
  end "$(of "$customer" trace_id)"
}

one_is_lost() {
  local customer shop bank
  $can_lose || return 0
  step 'A packet is lost on the way'
  lose_one "$bank_port"
  go checkout
  [ "$(lost)" = 1 ] || fail "the rule for one packet lost $(lost)"
  tell 'own times' "The bank took $(own bank 'served /pay') ms. The shop waited $(own shop 'asked bank /pay') ms for it."
  customer=$(seen customer client /checkout)
  shop=$(seen shop client /pay)
  bank=$(seen bank server /pay)
  seen shop client /reserve >/dev/null
  seen stock server /reserve >/dev/null
  seen shop server /checkout >/dev/null
  ! $sees_wire || tell 'the wire' "The request's packet was lost behind the shop's interface and sent again ($(of "$shop" retransmits request) retransmit): the bank got it $(millis $(($(of "$bank" first_us request) - $(of "$shop" first_us request)))) ms after it had been sent."
  end "$(of "$customer" trace_id)"
}

nobody_there() {
  local customer refused silent told
  step 'Nobody there'
  go delivery
  told=$(sed -n "s/^asked courier $refusing_port: \\(.*\\), \\([0-9.]*\\) ms\$/\"\\1\"/p" "$work/shop.out" | tail -n 1)
  customer=$(seen customer client /delivery)
  seen shop server /delivery >/dev/null
  refused=$(connection "$refusing_port")
  if $can_lose; then
    tell 'own times' "One courier: $told. The other, after $(own shop "asked courier $silent_port: .*,") ms: no connection either."
    silent=$(connection "$silent_port")
    ! $sees_wire || tell 'the wire' "One said no within $(of "$refused" connect timings) ms ($(of "$refused" outcome), $(of "$refused" syns) SYN). To the other $(of "$silent" syns) SYNs went out, and in $(phase "$silent" connect) ms nothing came back ($(of "$silent" outcome))."
  else
    tell 'own times' "The courier: $told."
    ! $sees_wire || tell 'the wire' "It said no within $(of "$refused" connect timings) ms ($(of "$refused" outcome), $(of "$refused" syns) SYN)."
  fi
  end "$(of "$customer" trace_id)"
}

story() {
  here_and_there
  all_busy
  nobody_accepts
  fan_out
  read_late
  one_is_lost
  nobody_there
}
