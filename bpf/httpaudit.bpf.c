// SPDX-License-Identifier: GPL-2.0
/* The socket filter: one packet from the network header to a record, top to bottom. It keeps and sends headers only; no
 * byte of payload is ever loaded. Needs Linux 5.8 (ring buffer, CAP_BPF): no spin locks, which socket filters may not take,
 * and no fetching atomics, which need 5.12. */
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "httpaudit.h"
#include "maps.h"
#include "parse.h"
#include "candidate.h"

#define RING_QUARTER (RING_BYTES / 4)
#define WAKE_STEP 65536 /* beyond a quarter, wake again each so many bytes */
#define WAKE_WIDTH 4096

/* At rest nobody is woken: the JVM drains every few ms, or sleeps. A burst wakes it once a quarter of the ring waits. The
 * window is wider than what the CPUs can add between two looks. */
static __always_inline __u64 wake_up(void)
{
	__u64 waiting = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);

	if (waiting < RING_QUARTER || waiting % WAKE_STEP >= WAKE_WIDTH)
		return BPF_RB_NO_WAKEUP;
	return BPF_RB_FORCE_WAKEUP;
}

/* `another`: the packet is the next connection's on this tuple, perhaps another process's. Only that it is there is told. */
static __always_inline void emit(struct admitted *flow, const struct parsed *p, __u8 ended, bool another)
{
	struct packet *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

	if (!record) {
		/* Adding, not fetching: two CPUs may not see each other's loss in a record, but the sum is right. */
		__sync_fetch_and_add(&flow->lost, 1);
		count(RECORDS_LOST);
		return;
	}
	record->time = p->time;
	record->flow = flow->flow;
	record->seq = another ? 0 : p->seq;
	record->ack = another ? 0 : p->ack;
	record->payload = another ? 0 : p->payload;
	record->lost = flow->lost;
	record->ifindex = p->ifindex;
	record->window = another ? 0 : p->window;
	record->gso_size = another ? 0 : p->gso_size;
	record->gso_segs = another ? 0 : p->gso_segs;
	record->flags = another ? SYN : p->flags;
	record->direction = p->direction | ended;
	record->zero = 0;
	bpf_ringbuf_submit(record, wake_up());
	count(RECORDS);
}

/* Whether both ends have said FIN, and heard that it arrived (RFC 9293, 3.6). */
static __always_inline bool closed(struct admitted *flow, const struct parsed *p)
{
	__u32 self = p->direction & FROM_UPPER;
	__u32 other = !self;
	__u32 *lower = &flow->fin[0], *upper = &flow->fin[1];

	/* Chosen, not computed: see run() in candidate.h. */
	asm volatile("" : "+r"(lower), "+r"(upper));
	if (p->flags & FIN) {
		*(self ? upper : lower) = p->seq + p->payload + 1;
		flow->fin_seen |= 1 << self;
	}
	if (p->flags & ACK && flow->fin_seen & 1 << other && (__s32)(p->ack - *(self ? lower : upper)) >= 0)
		flow->fin_acked |= 1 << other;
	return flow->fin_acked == 3;
}

SEC("socket")
int httpaudit(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct parsed *p = bpf_map_lookup_elem(&parsing, &zero);
	struct admitted *flow;
	bool reused;

	if (!p)
		return 0;
	count(PACKETS);
	switch (parse(skb, p)) {
	case PARSED:
		break;
	case UNREADABLE:
		count(NOT_PARSED);
		return 0;
	case NOT_TCP:
		return 0;
	}
	if (!concerns_us(p))
		return 0;
	p->time = bpf_ktime_get_ns();

	flow = bpf_map_lookup_elem(&admitted, &p->tuple);
	reused = flow && opens(p) && begins_another(flow, p);
	if (flow) {
		/* Not with an RST: what this host's stack had in hand leaves after one arrived. The JVM ends it then. */
		bool ended = reused || closed(flow, p);

		flow->seen = 1;
		emit(flow, p, ended ? ENDED : 0, reused);
		if (ended) {
			bpf_map_delete_elem(&admitted, &p->tuple);
			end_candidate(p);
		}
	}
	/* A tuple used again: what was admitted is over, what begins is nobody's yet. */
	if (!flow || reused)
		before_admission(p);
	return 0;
}

/* A ring is declared without the type that it carries: this names it in BTF, for the test of the layout. */
const struct packet *carried __attribute__((unused));

char LICENSE[] SEC("license") = "GPL";
