# shellcheck shell=bash
# Another host for the bank: a network namespace, joined by a cable (a veth pair), whose packets a rule there can lose.

namespace=httpaudit-demo-$$
cable=tobank$$
has_namespace=false
has_cable=false

# Where no courier listens, and where none is heard. All ports of the namespace are ours.
refusing_port=8081
silent_port=8082

# Prefixes that are for documentation (RFC 5737), if nobody uses them here. Two demos at once take different ones.
choose_prefix() {
  local net i n
  for net in 198.51.100 203.0.113 192.0.2; do
    for ((i = 0; i < 64; i++)); do
      n=$(((i + $$) % 64 * 4))
      is_free "$net.$n/30" || continue
      near=$net.$((n + 1))
      far=$net.$((n + 2))
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

# Sets $near and $far, this host's and the bank's addresses; says in $no_outside why not, if it can't be had.
make_network() {
  no_outside=
  if ! is_root; then
    no_outside='loopback only: another host for the bank needs root'
    return
  fi
  need ip iproute2
  need nft nftables
  choose_prefix || { no_outside='loopback only: every address for documentation (RFC 5737) is in use here'; return; }
  if ! ip netns add "$namespace" 2>"$work/ip.log"; then
    no_outside="loopback only: $(tr '\n' ' ' <"$work/ip.log")(a container without CAP_SYS_ADMIN?)"
    return
  fi
  has_namespace=true
  if ! ip link add "$cable" type veth peer name eth0 netns "$namespace" 2>"$work/ip.log"; then
    no_outside="loopback only: $(tr '\n' ' ' <"$work/ip.log")"
    return
  fi
  has_cable=true
  ip address add "$near/30" dev "$cable"
  ip link set "$cable" up
  ip -n "$namespace" link set lo up
  ip -n "$namespace" address add "$far/30" dev eth0
  ip -n "$namespace" link set eth0 up
}

# What reaches the bank's host and goes no further: every call to the silent courier, and, once lose_one has been called,
# one packet to the bank. Such a packet has passed the shop's own interface, where the agent sees it.
can_lose=false
make_lossy() {
  [ -z "$no_outside" ] || return 0
  if ip netns exec "$namespace" nft -f - 2>"$work/nft.log" <<RULES; then
table ip demo {
  chain input {
    type filter hook input priority 0
    tcp dport $silent_port drop
  }
}
RULES
    can_lose=true
  else
    say "  packets can't be lost on purpose here: $(head -n 1 "$work/nft.log")"
  fi
}

# lose_one FLAG PORT: of the next packets with that flag alone (syn), or at all (psh: those with data), to this port of the
# bank's host, the first.
lose_one() {
  local flags="tcp flags & $1 == $1"
  [ "$1" != syn ] || flags='tcp flags & (syn | ack) == syn'
  ip netns exec "$namespace" nft add rule ip demo input tcp dport "$2" "$flags" 'limit rate 1/day burst 1 packets counter drop'
}

# lost PORT: how many that has lost so far.
lost() {
  ip netns exec "$namespace" nft list chain ip demo input | sed -n "s/.*tcp dport $1 .*counter packets \\([0-9]*\\) .*/\\1/p"
}

remove_network() {
  # The cable first: a namespace's deletion takes its links along, but later.
  ! $has_cable || ip link del "$cable" 2>/dev/null || true
  ! $has_namespace || ip netns del "$namespace" 2>/dev/null || true
}
