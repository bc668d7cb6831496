/* Connections that begin. Most requests are on the wire before accept(2) returns, so a SYN makes a candidate, which stays in
 * the kernel until the JVM claims it by name. Two CPUs may update one candidate at once, and lose an update: `packets`, which
 * is added atomically, then differs from the sum over SYNs and runs, and the JVM takes the candidate as overflowed. */
#ifndef CANDIDATE_H
#define CANDIDATE_H

#define RUN_NANOS 50000
#define SYN_AGAIN_NANOS 2000000000ULL /* by then a SYN without an answer was sent again: after 1 s (RFC 6298, 2.1) */
#define LOOPBACK_IFINDEX 1
#define OVER 2

static __always_inline bool opens(const struct parsed *p)
{
	return (p->flags & (SYN | ACK | RST)) == SYN;
}

/* Jiffies cost a load, the clock a call. */
static __always_inline bool matters(__u32 number)
{
	struct port *port = bpf_map_lookup_elem(&ports, &number);

	return port && (port->flows || (port->until && (__s32)(port->until - (__u32)bpf_jiffies64()) > 0));
}

/* Whether the packet can be of an admitted flow, of a candidate, or the beginning of one. */
static __always_inline bool concerns_us(const struct parsed *p)
{
	return matters(p->tuple.lower.port) || matters(p->tuple.upper.port) || opens(p);
}

/* A candidate's packets are kept for some time from now on. */
static __always_inline void expect(__u32 number)
{
	struct port *port = bpf_map_lookup_elem(&ports, &number);
	__u32 until = (__u32)bpf_jiffies64() + CANDIDATE_JIFFIES;

	if (port)
		port->until = until ? until : 1;
}

static __always_inline __u32 sender(const struct parsed *p)
{
	/* Both are read, and one is chosen: else the compiler computes an address, see run(). */
	__u32 lower = IN_MAP(p->tuple.lower.port), upper = IN_MAP(p->tuple.upper.port);

	return p->direction & FROM_UPPER ? upper : lower;
}

static __always_inline struct candidate *find(const struct parsed *p)
{
	struct candidate *found = bpf_map_lookup_elem(&outbound, &p->tuple);

	return found ? found : bpf_map_lookup_elem(&inbound, &p->tuple);
}

static __always_inline bool same_syn(const struct candidate *known, const struct parsed *p)
{
	return known->syn_isn == p->seq && !((known->syn_direction ^ p->direction) & FROM_UPPER);
}

/* Whether a SYN on the tuple of an admitted flow is not that flow's, but the next connection's, perhaps another process's. */
static __always_inline bool begins_another(const struct admitted *flow, const struct parsed *p)
{
	struct candidate *known = find(p);

	if (known && same_syn(known, p))
		return false;
	/* A connect that does not wait may be admitted while its own SYN still waits in a queueing discipline. What was accepted had its
	 * SYN before; and so had the flow if the tuple's candidate is not over and so young that nobody need have sent its SYN again. */
	return flow->seen || flow->flow & CLAIMED_BY_SERVER ||
	       (known && !known->ended && p->time - known->syn_time < SYN_AGAIN_NANOS);
}

static __always_inline bool to_listener(const struct parsed *p)
{
	struct endpoint any = { .port = p->to.port };

	if (bpf_map_lookup_elem(&listening, &p->to))
		return true;
	/* ::ffff:0.0.0.0 stands for 127.0.0.0/8, all of which is local. */
	*(__u32 *)(any.address + 8) = bpf_htonl(0xffff);
	return !*(__u64 *)p->to.address && *(__u32 *)(p->to.address + 8) == bpf_htonl(0xffff) &&
	       p->to.address[12] == 127 && bpf_map_lookup_elem(&listening, &any);
}

static __always_inline __u32 segments(const struct parsed *p)
{
	if (!p->payload)
		return 0;
	/* Some drivers leave gso_segs 0 on large packets that they receive (virtio_net, tun). */
	return p->gso_size ? (p->payload + p->gso_size - 1) / p->gso_size : 1;
}

/* Whether `p` only goes on where `r` ended: then it needs no run of its own. */
static __always_inline bool extends(const struct run *r, const struct parsed *p, bool latest)
{
	__u32 size = r->gso_size ? r->gso_size : r->payload;
	__u32 wire = p->gso_size ? p->gso_size : p->payload;

	if ((r->direction ^ p->direction) & (FROM_UPPER | OUTGOING) || r->ifindex != p->ifindex ||
	    p->time - r->time > RUN_NANOS || (r->flags | p->flags) & (SYN | FIN | RST | URG) ||
	    !p->window || !r->window)
		return false;
	if (!p->payload)
		/* An acknowledgement must not be dated before bytes that it covers: only while nothing came between. */
		return latest && !r->payload && p->seq == r->seq && (__s32)(p->ack - r->ack) >= 0;
	return r->payload && p->seq == r->seq + r->payload && p->ack == r->ack && size <= 65535 &&
	       r->payload == size * r->segments && wire <= size && (wire == size || p->payload == wire);
}

/* Whether `p` says nothing that `r` did not: what probes a window of 0, and what answers it. A server that accepts late gets
 * one more of each pair every few hundred ms, and they would use up the runs. */
static __always_inline bool repeats(const struct run *r, const struct parsed *p)
{
	return !((r->direction ^ p->direction) & (FROM_UPPER | OUTGOING)) && r->ifindex == p->ifindex && !p->payload &&
	       !(p->flags & (SYN | FIN | RST | URG)) && (__s32)(p->ack - r->ack) <= 0 && !p->window == !r->window;
}

static __always_inline void extend(struct run *r, const struct parsed *p)
{
	if (p->payload) {
		r->gso_size = r->gso_size ? r->gso_size : r->payload;
		r->payload += p->payload;
		r->segments += segments(p);
	}
	r->ack = p->ack;
	r->window = p->window;
	r->flags |= p->flags;
	r->packets++;
}

/* The run of this index, which is below HTTPAUDIT_RUNS. By steps of constants, and only to be copied from or to at once: without
 * CAP_PERFMON the verifier gives up its short cuts on every scalar of a program that adds one to a pointer (Linux commit
 * 7fedb63a8307), and then has more to do than it is willing to. */
static __always_inline struct run *run(struct candidate *c, __u32 index)
{
	struct run *r = c->runs;

#pragma unroll
	for (__u32 i = 1; i < HTTPAUDIT_RUNS; i++)
		if (index >= i)
			asm volatile("%0 += %1" : "+r"(r) : "i"(sizeof(*r)));
	return r;
}

/* The runs are changed where `p` is, not on the stack: without CAP_PERFMON the verifier of 5.10 allows no part of eight bytes that
 * once were stored whole to be overwritten there. */
static __always_inline void add(struct candidate *c, struct parsed *p)
{
	struct run *last = &p->last, *before = &p->before;
	__u32 used;

	/* Each time from the map: see `parsing`. */
	used = IN_MAP(c->runs_used);
	if (used >= 1)
		*last = *run(c, used - 1);
	used = IN_MAP(c->runs_used);
	if (used >= 2)
		*before = *run(c, used - 2);
	used = IN_MAP(c->runs_used);
	/* The latest run of this direction is one of the last two, but for rare orders: these get a run more. */
	if (used >= 1 && repeats(last, p)) {
		last->packets++;
		used--;
	} else if (used >= 2 && repeats(before, p)) {
		before->packets++;
		*run(c, used - 2) = *before;
		return;
	} else if (used >= 1 && extends(last, p, true)) {
		extend(last, p);
		used--;
	} else if (used >= 2 && extends(before, p, false)) {
		extend(before, p);
		*run(c, used - 2) = *before;
		return;
	} else if (used == HTTPAUDIT_RUNS) {
		if (!c->overflow)
			count(CANDIDATES_OVERFLOWED);
		c->overflow = 1;
		return;
	} else {
		last->time = p->time;
		last->seq = p->seq;
		last->ack = p->ack;
		last->payload = p->payload;
		last->segments = segments(p);
		last->ifindex = p->ifindex;
		last->window = p->window;
		last->gso_size = p->gso_size;
		last->flags = p->flags;
		last->direction = p->direction;
		last->packets = 1;
		c->runs_used = used + 1;
	}
	*run(c, used) = *last;
}

/* Whether a SYN that arrives is for this JVM; else it is of interest only as one that leaves, of whichever process. On lo each
 * packet shows once, as one that arrives. */
static __always_inline bool for_listener(const struct parsed *p)
{
	return !(p->direction & OUTGOING) && to_listener(p);
}

static __always_inline void begin(const struct parsed *p)
{
	struct candidate *known = find(p), *c;
	__u32 zero = 0;

	if (known && same_syn(known, p)) {
		expect(sender(p));
		/* One that passes several interfaces (a VLAN's and its link's) was sent once. */
		if (p->ifindex == known->ifindex) {
			known->syns++;
			__sync_fetch_and_add(&known->packets, 1);
		}
		return;
	}
	if (known) {
		/* Whatever the tuple was before is over, even if what begins is nobody's here. */
		bpf_map_delete_elem(&outbound, &p->tuple);
		bpf_map_delete_elem(&inbound, &p->tuple);
	}
	c = bpf_map_lookup_elem(&scratch, &zero);
	if (!c)
		return;
	c->syn_time = p->time;
	c->syn_isn = p->seq;
	c->syns = 1;
	c->syn_direction = p->direction;
	c->ifindex = p->ifindex;
	c->packets = 1;
	if (for_listener(p))
		bpf_map_update_elem(&inbound, &p->tuple, c, BPF_ANY);
	else if (p->direction & OUTGOING || p->ifindex == LOOPBACK_IFINDEX)
		bpf_map_update_elem(&outbound, &p->tuple, c, BPF_ANY);
	else
		return;
	expect(sender(p));
	count(CANDIDATES);
}

/* From the other end, for this SYN; it may acknowledge data in it. */
static __always_inline bool answers_syn(const struct candidate *c, const struct parsed *p)
{
	return (c->syn_direction ^ p->direction) & FROM_UPPER && p->ack - c->syn_isn - 1 <= 0xffff;
}

/* Ends the candidate of an admitted flow with it. What still arrives, late or answered by RSTs, may be many packets, and would
 * make it overflow: the JVM looks at it once more before it judges. */
static __always_inline void end_candidate(const struct parsed *p)
{
	struct candidate *c = find(p);

	if (c)
		c->ended = OVER;
}

static __always_inline void before_admission(struct parsed *p)
{
	struct candidate *c;
	bool first;

	if (opens(p)) {
		begin(p);
		if (!p->payload)
			return;
		/* Data in the SYN (RFC 7413) starts behind it. */
		p->seq++;
		p->flags &= ~SYN;
	}
	c = find(p);
	if (!c || c->ended == OVER)
		return;
	if (p->flags & SYN) {
		if (!answers_syn(c, p))
			return;
		expect(p->to.port);
		first = !c->synack_time || (!c->ack_time && p->seq != c->synack_isn);
		if (!first && p->ifindex != c->synack_ifindex)
			return;
		__sync_fetch_and_add(&c->packets, 1);
		if (first) {
			c->synack_time = p->time;
			c->synack_isn = p->seq;
			c->synack_ifindex = p->ifindex;
		}
		/* Last: until then the JVM sees that the candidate is being changed. */
		c->synacks++;
		return;
	}
	if (!c->ack_time && (p->flags & (ACK | RST)) == ACK && !((c->syn_direction ^ p->direction) & FROM_UPPER))
		c->ack_time = p->time;
	if (p->flags & RST)
		c->ended = 1;
	__sync_fetch_and_add(&c->packets, 1);
	if (!c->overflow)
		add(c, p);
}
#endif
