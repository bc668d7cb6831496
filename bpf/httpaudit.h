/* What crosses from the kernel to the JVM, and back. All fields in host byte order unless said otherwise;
 * addresses are 16 bytes as on the wire, IPv4 as ::ffff:a.b.c.d. Declared once here, and once in the
 * Java class io.httpaudit.capture.Layout; a test checks that both agree (size and every offset, from BTF). */
#ifndef HTTPAUDIT_H
#define HTTPAUDIT_H

#define HTTPAUDIT_RUNS 16

/* One end of a connection. */
struct endpoint {
	__u8 address[16];
	__u16 port; /* host order */
	__u16 zero;
};

/* A connection, whichever way a packet goes: `lower` is the end whose 18 bytes (address, then port, big-endian)
 * compare lower as unsigned bytes. 40 bytes. */
struct tuple {
	struct endpoint lower;
	struct endpoint upper;
};

enum direction {
	FROM_UPPER = 1,     /* sent by the upper end; else by the lower */
	OUTGOING = 2,       /* PACKET_OUTGOING: this host sends it; else it arrives */
	ENDED = 4,          /* the admission ends with this packet: both FINs acknowledged, or, with SYN, the tuple's next
			     * connection, of which nothing else is told */
};

/* One packet of an admitted flow: what the ring carries. 48 bytes. */
struct packet {
	__u64 time;     /* ns, CLOCK_MONOTONIC */
	__u64 flow;     /* the id that the JVM gave when it admitted the flow */
	__u32 seq;      /* RFC 9293 SEG.SEQ */
	__u32 ack;      /* SEG.ACK */
	__u32 payload;  /* TCP payload bytes by the IP header's length (SEG.LEN less SYN and FIN) */
	__u32 lost;     /* records of this flow that found no room in the ring before this one */
	__u32 ifindex;
	__u16 window;   /* SEG.WND, unscaled */
	__u16 gso_size; /* payload bytes a wire segment, 0: the packet is one segment */
	__u16 gso_segs; /* wire segments as the driver says, 0: unknown (payload / gso_size) */
	__u8 flags;     /* CWR ECE URG ACK PSH RST SYN FIN, FIN the lowest bit; no FIN in a fragment with more to come */
	__u8 direction; /* enum direction */
	__u32 zero;
};

/* Consecutive packets of one direction before admission: in-order bytes under one acknowledgement, or advancing pure
 * acknowledgements; grows for at most 50 us; takes its first packet's time. 40 bytes. */
struct run {
	__u64 time;
	__u32 seq;
	__u32 ack;      /* the last packet's */
	__u32 payload;
	__u32 segments; /* wire segments */
	__u32 ifindex;
	__u16 window;   /* the last packet's */
	__u16 gso_size; /* 0, or the size of all but the last wire segment */
	__u8 flags;     /* or'ed */
	__u8 direction;
	__u16 packets;
	__u32 zero;
};

/* A connection that began, and that the JVM may claim. */
struct candidate {
	__u64 syn_time;     /* first SYN; 0: none */
	__u64 synack_time;  /* first SYN-ACK of synack_isn */
	__u64 ack_time;     /* first packet with ACK and without SYN and RST of the SYN's sender */
	__u32 syn_isn;      /* SYN's SEG.SEQ */
	__u32 synack_isn;   /* the last SYN-ACK's before ack_time: a listener that forgot the SYN chooses another */
	__u16 syns;         /* copies of the SYN, as its first interface saw them */
	__u16 synacks;      /* likewise */
	__u8 syn_direction; /* enum direction of the SYN */
	__u8 overflow;      /* 1: there were more runs than fit: packets are missing */
	__u8 runs_used;
	__u8 ended;         /* 1: RST seen; 2: it was admitted, and both FINs are acknowledged: nothing more is kept */
	__u32 ifindex;      /* of the first SYN */
	__u32 packets;      /* all of the candidate: syns + synacks + those of the runs; else an update was lost */
	__u32 synack_ifindex; /* of the first SYN-ACK of synack_isn */
	__u32 zero;
	struct run runs[HTTPAUDIT_RUNS];
};

/* In `flow` of an admission, and so of its records: the server's end claimed it first. */
#define CLAIMED_BY_SERVER (1ULL << 62)

/* A flow whose packets the JVM asked for. `flow` is written by the JVM, the rest by the filter. */
struct admitted {
	__u64 flow;
	__u32 lost;         /* records that found no room in the ring */
	__u32 fin[2];       /* SEG.SEQ + SEG.LEN of the FIN by direction (0 lower, 1 upper): the ACK that covers it */
	__u8 fin_seen;      /* bit a direction */
	__u8 fin_acked;
	__u8 seen;          /* 1: a packet has passed since the admission */
	__u8 zero;
};

/* A local (address, port) on which the JVM listens: key of `listening`; value __u8 1.
 * A listener on a wildcard address is one entry for each local address, and one for the address ::ffff:0.0.0.0, which
 * stands for all of 127.0.0.0/8. */

/* What a local port has to do with this JVM, by number: a packet of which neither port has anything is looked at no further. The
 * JVM maps the table and counts `flows`: listeners and admitted flows. `until` is the filter's: a candidate's packets are kept
 * for CANDIDATE_JIFFIES after its last SYN or SYN-ACK, 8 s and more. 8 bytes. */
struct port {
	__u32 flows;
	__u32 until; /* jiffies, the lower 32 bits; 0: never */
};

#define CANDIDATE_JIFFIES 8192

/* Index into the per-CPU array `counters` of __u64. */
enum counter {
	PACKETS,            /* seen by the filter */
	RECORDS,            /* put into the ring */
	RECORDS_LOST,       /* found no room in the ring */
	CANDIDATES,         /* made */
	CANDIDATES_OVERFLOWED,
	NOT_PARSED,         /* cut, shorter than TCP can be, fragments behind the first, too many headers */
	COUNTERS,
};
#endif
