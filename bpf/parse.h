/* From the network header to what a record needs: RFC 791, RFC 8200, RFC 9293. */
#ifndef PARSE_H
#define PARSE_H

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };

enum parse_result { PARSED, NOT_TCP, UNREADABLE };

struct parsed {
	struct tuple tuple;
	struct endpoint to; /* the receiver */
	__u64 time;
	__u32 seq;
	__u32 ack;
	__u32 payload;
	__u32 ifindex;
	__u16 window;
	__u16 gso_size;
	__u16 gso_segs;
	__u8 flags;
	__u8 direction;
	/* While it is parsed: where the header that is next begins, and whether fragments follow. */
	__u32 offset;
	__u32 more;
	/* While it is added to a candidate: the two latest runs. */
	struct run last;
	struct run before;
};

/* What is parsed is kept here and not on the stack, since the verifier follows each value on the stack along each way that leads
 * to it, and knows nothing of what lies in a map: so ways that meet are one from there on. It took ten times as long before. No
 * packet's run is interrupted by another's on its CPU: packet sockets see packets with soft interrupts off. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct parsed);
} parsing SEC(".maps");

/* Reads and writes that the compiler keeps where they stand, in the map. */
#define IN_MAP(field) (*(volatile typeof(field) *)&(field))

#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8
#define VLAN_TAGS 2
#define VLAN_TAG 4

#define IP_FRAGMENT_OFFSET 0x1fff
#define IP_MORE_FRAGMENTS 0x2000
#define IPV6_FRAGMENT_OFFSET 0xfff8
#define IPV6_MORE_FRAGMENTS 1
#define IPPROTO_HOPOPTS 0
#define IPPROTO_TCP 6
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_AH 51
#define IPPROTO_DSTOPTS 60
#define IPV6_EXTENSIONS 8

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER 20

/* RFC 791, 3.1; RFC 8200, 3; RFC 9293, 3.1. As on the wire. */
struct ipv4 {
	__u8 version_ihl;
	__u8 tos;
	__be16 length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__u8 source[4];
	__u8 destination[4];
};

struct ipv6 {
	__u8 version_class;
	__u8 class_label[3];
	__be16 length;
	__u8 next;
	__u8 hops;
	__u8 source[16];
	__u8 destination[16];
};

struct tcp {
	__be16 source;
	__be16 destination;
	__be32 seq;
	__be32 ack;
	__u8 offset;
	__u8 flags;
	__be16 window;
	__be16 checksum;
	__be16 urgent;
};

/* The smallest IPv4 packet with TCP, and the IPv6 header: 40 bytes either way, one load. */
union head {
	struct {
		struct ipv4 ipv4;
		struct tcp tcp;
	};
	struct ipv6 ipv6;
};
_Static_assert(sizeof(union head) == 40, "one load");

static __always_inline void put_ipv4(struct endpoint *e, const __u8 address[4])
{
	*(__u64 *)e->address = 0;
	*(__u32 *)(e->address + 8) = bpf_htonl(0xffff);
	__builtin_memcpy(e->address + 12, address, 4);
}

static __always_inline bool before(const struct endpoint *a, const struct endpoint *b)
{
	__u64 x = bpf_be64_to_cpu(*(const __u64 *)a->address);
	__u64 y = bpf_be64_to_cpu(*(const __u64 *)b->address);

	if (x != y)
		return x < y;
	x = bpf_be64_to_cpu(*(const __u64 *)(a->address + 8));
	y = bpf_be64_to_cpu(*(const __u64 *)(b->address + 8));
	if (x != y)
		return x < y;
	return a->port < b->port;
}

/* Steps over VLAN tags that are still in the data, to the IP header. */
static __always_inline bool untag(struct __sk_buff *skb, struct parsed *p)
{
	__u32 type = bpf_ntohs(skb->protocol);

	/* Sent by a device that can't tag, a packet has its tag before the network header, where the filter starts. */
	if (skb->pkt_type == PACKET_OUTGOING)
		return true;
#pragma unroll
	for (int i = 0; i < VLAN_TAGS; i++) {
		__be16 inner;

		if (type != ETHERTYPE_VLAN && type != ETHERTYPE_QINQ)
			return true;
		if (bpf_skb_load_bytes(skb, IN_MAP(p->offset) + 2, &inner, sizeof(inner)))
			return false;
		type = bpf_ntohs(inner);
		IN_MAP(p->offset) += VLAN_TAG;
	}
	return true;
}

/* Walks the extension headers (RFC 8200, 4) up to TCP; `more` fragments may follow. */
static __always_inline enum parse_result extensions(struct __sk_buff *skb, __u8 next, struct parsed *p)
{
	/* Unrolled: without CAP_PERFMON the verifier also follows each branch the wrong way, as a processor may, and would go round a
	 * loop without end (seen on 5.10). */
#pragma unroll
	for (int i = 0; i < IPV6_EXTENSIONS; i++) {
		struct {
			__u8 next;
			__u8 length;
			__be16 fragment;
		} header;

		if (next == IPPROTO_TCP)
			return PARSED;
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_AH)
			return NOT_TCP;
		if (bpf_skb_load_bytes(skb, IN_MAP(p->offset), &header, sizeof(header)))
			return UNREADABLE;
		if (next == IPPROTO_FRAGMENT) {
			if (header.fragment & bpf_htons(IPV6_FRAGMENT_OFFSET))
				return UNREADABLE;
			IN_MAP(p->more) |= header.fragment & bpf_htons(IPV6_MORE_FRAGMENTS);
			IN_MAP(p->offset) += 8;
		} else if (next == IPPROTO_AH) {
			IN_MAP(p->offset) += (header.length + 2) * 4;
		} else {
			IN_MAP(p->offset) += (header.length + 1) * 8;
		}
		next = header.next;
	}
	return next == IPPROTO_TCP ? PARSED : UNREADABLE;
}

static __always_inline enum parse_result parse(struct __sk_buff *skb, struct parsed *p)
{
	union head head;
	struct tcp tcp;
	struct endpoint from = {}, to = {};
	__u32 ip, transport, end;

	IN_MAP(p->offset) = 0;
	IN_MAP(p->more) = 0;
	if (!untag(skb, p))
		return UNREADABLE;
	ip = IN_MAP(p->offset);
	if (bpf_skb_load_bytes(skb, ip, &head, sizeof(head)))
		/* Shorter than TCP can be: of another protocol, or cut. */
		return UNREADABLE;

	switch (head.ipv4.version_ihl >> 4) {
	case 4:
		if (head.ipv4.protocol != IPPROTO_TCP)
			return NOT_TCP;
		if (head.ipv4.fragment & bpf_htons(IP_FRAGMENT_OFFSET))
			return UNREADABLE;
		IN_MAP(p->more) = head.ipv4.fragment & bpf_htons(IP_MORE_FRAGMENTS);
		transport = ip + (head.ipv4.version_ihl & 15) * 4;
		/* 0: longer than 16 bits can say (BIG TCP). */
		end = head.ipv4.length ? ip + bpf_ntohs(head.ipv4.length) : skb->len;
		put_ipv4(&from, head.ipv4.source);
		put_ipv4(&to, head.ipv4.destination);
		if (transport == ip + IPV4_HEADER)
			tcp = head.tcp;
		else if (transport < ip + IPV4_HEADER || bpf_skb_load_bytes(skb, transport, &tcp, sizeof(tcp)))
			return UNREADABLE;
		break;
	case 6: {
		enum parse_result walked;

		transport = ip + IPV6_HEADER;
		/* 0: a jumbogram, or BIG TCP (RFC 2675). */
		end = head.ipv6.length ? transport + bpf_ntohs(head.ipv6.length) : skb->len;
		__builtin_memcpy(from.address, head.ipv6.source, 16);
		__builtin_memcpy(to.address, head.ipv6.destination, 16);
		IN_MAP(p->offset) = transport;
		walked = extensions(skb, head.ipv6.next, p);
		if (walked != PARSED)
			return walked;
		transport = IN_MAP(p->offset);
		if (bpf_skb_load_bytes(skb, transport, &tcp, sizeof(tcp)))
			return UNREADABLE;
		break;
	}
	default:
		return NOT_TCP;
	}

	transport += (tcp.offset >> 4) * 4;
	/* Beyond the IP length lies padding; a packet shorter than it was cut, and no stack takes it. */
	if ((tcp.offset >> 4) * 4 < TCP_HEADER || transport > end || end > skb->len)
		return UNREADABLE;
	p->payload = end - transport;
	p->seq = bpf_ntohl(tcp.seq);
	p->ack = bpf_ntohl(tcp.ack);
	p->window = bpf_ntohs(tcp.window);
	/* The FIN of a segment that was split stands behind bytes of a later fragment. */
	p->flags = IN_MAP(p->more) ? tcp.flags & ~FIN : tcp.flags;
	p->ifindex = skb->ifindex;
	p->gso_size = skb->gso_size;
	p->gso_segs = skb->gso_segs;
	from.port = bpf_ntohs(tcp.source);
	to.port = bpf_ntohs(tcp.destination);
	p->to = to;
	p->direction = skb->pkt_type == PACKET_OUTGOING ? OUTGOING : 0;
	if (before(&to, &from)) {
		p->tuple.lower = to;
		p->tuple.upper = from;
		p->direction |= FROM_UPPER;
	} else {
		p->tuple.lower = from;
		p->tuple.upper = to;
	}
	return PARSED;
}
#endif
