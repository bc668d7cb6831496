package io.httpaudit.it;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a host sent again, counted over a capture at its own interface by nothing but sequence
 * numbers, beside what its kernel counted. A wire segment with payload was sent again if each of
 * its bytes had been seen.
 */
final class Retransmissions {
  private static final int FIN = 1;
  private static final int SYN = 2;
  private static final int RST = 4;
  private static final int ACK = 16;

  /** Seconds that an acknowledged exchange waits for what may still come. */
  private static final double FINAL = 0.05;

  /**
   * Wire segments with payload all of which had been seen; likewise those of which only a part had.
   */
  long data;

  long partly;

  /**
   * Of {@link #data}, what had been seen to be acknowledged for {@link #FINAL} by then: the
   * acknowledgement was dropped behind the capture, and the exchange may have been final already.
   */
  long late;

  long syns;
  long synAcks;

  /** A FIN without payload, seen before. */
  long fins;

  /** One direction of one connection. */
  private static final class Direction {
    int isn;
    int maximum = 536;
    boolean finSeen;

    /** When each position was first seen to be acknowledged, in seconds. */
    final TreeMap<Long, Double> acknowledged = new TreeMap<>();

    boolean isFinal(long to, double time) {
      Map.Entry<Long, Double> at = acknowledged.ceilingEntry(to);
      return at != null && at.getValue() + FINAL <= time;
    }

    /** [key, value) seen, as positions; disjoint. */
    final TreeMap<Long, Long> seen = new TreeMap<>();

    boolean saw(long from, long to) {
      Map.Entry<Long, Long> at = seen.floorEntry(from);
      return at != null && at.getValue() >= to;
    }

    boolean sawSome(long from, long to) {
      Map.Entry<Long, Long> at = seen.lowerEntry(to);
      return at != null && at.getValue() > from;
    }

    void see(long from, long to) {
      for (Map.Entry<Long, Long> at = seen.floorEntry(to);
          at != null && at.getValue() >= from;
          at = seen.floorEntry(to)) {
        from = Math.min(from, at.getKey());
        to = Math.max(to, at.getValue());
        seen.remove(at.getKey());
      }
      seen.put(from, to);
    }
  }

  /** Of what was sent by these addresses. */
  Retransmissions(Path capture, List<String> senders) {
    List<String> command =
        new ArrayList<>(
            List.of("tshark", "-n", "-r", capture.toString(), "-Y", "tcp && !icmp && !icmpv6"));
    for (String option :
        List.of("relative_sequence_numbers", "analyze_sequence_numbers", "desegment_tcp_streams")) {
      command.addAll(List.of("-o", "tcp." + option + ":FALSE"));
    }
    command.addAll(List.of("-T", "fields", "-E", "occurrence=f", "-E", "separator=,"));
    for (String field :
        List.of(
            "ip.src",
            "ipv6.src",
            "ip.dst",
            "ipv6.dst",
            "srcport",
            "dstport",
            "seq_raw",
            "len",
            "flags",
            "hdr_len",
            "options.mss_val",
            "ack_raw",
            "frame.time_epoch")) {
      command.addAll(
          List.of(
              "-e", field.startsWith("ip") || field.contains("frame") ? field : "tcp." + field));
    }
    Map<String, Direction> directions = new HashMap<>();
    for (String line : Command.run(command).lines().toList()) {
      take(line.split(",", -1), senders, directions);
    }
  }

  private void take(String[] f, List<String> senders, Map<String, Direction> directions) {
    String from = f[0] + f[1];
    String ends = from + " " + f[4] + " " + f[2] + f[3] + " " + f[5];
    String back = f[2] + f[3] + " " + f[5] + " " + from + " " + f[4];
    int seq = Integer.parseUnsignedInt(f[6]);
    int length = Integer.parseInt(f[7]);
    int flags = Integer.decode(f[8]);
    int header = Integer.parseInt(f[9]);
    boolean sent = senders.contains(from);
    Direction known = directions.get(ends);
    if ((flags & SYN) != 0) {
      if (known == null || known.isn != seq) {
        known = new Direction();
        known.isn = seq;
        directions.put(ends, known);
      } else if (sent) {
        syns += (flags & ACK) == 0 ? 1 : 0;
        synAcks += (flags & ACK) != 0 ? 1 : 0;
      }
      known.maximum = f[10].isEmpty() ? 536 : Integer.parseInt(f[10]);
      return;
    }
    Direction other = directions.get(back);
    double time = Double.parseDouble(f[12]);
    if (!sent && other != null && (flags & ACK) != 0) {
      long acked = Integer.parseUnsignedInt(f[11]) - (other.isn + 1);
      other.acknowledged.putIfAbsent(acked, time);
    }
    if (known == null || !sent || (flags & RST) != 0) {
      return;
    }
    int unit =
        Math.min(known.maximum, other == null ? known.maximum : other.maximum) - (header - 20);
    // No connection here carries 2 GiB.
    long position = seq - (known.isn + 1);
    for (long a = position; a < position + length; a += unit) {
      long b = Math.min(position + length, a + unit);
      data += known.saw(a, b) ? 1 : 0;
      late += known.saw(a, b) && known.isFinal(b, time) ? 1 : 0;
      partly += !known.saw(a, b) && known.sawSome(a, b) ? 1 : 0;
    }
    if (length > 0) {
      known.see(position, position + length);
    }
    if ((flags & FIN) != 0) {
      fins += known.finSeen && length == 0 ? 1 : 0;
      known.finSeen = true;
    }
  }

  /** A host's counters of TCP, by name. */
  static Map<String, Long> counters(Namespaces.Host host) {
    Map<String, Long> counters = new HashMap<>();
    List<String> lines =
        (host.run("cat", "/proc/net/snmp") + host.run("cat", "/proc/net/netstat")).lines().toList();
    for (int i = 0; i + 1 < lines.size(); i += 2) {
      String[] names = lines.get(i).split(" ");
      String[] values = lines.get(i + 1).split(" ");
      for (int k = 1; names[0].startsWith("Tcp") && k < names.length; k++) {
        counters.put(names[k], Long.parseLong(values[k]));
      }
    }
    return counters;
  }
}
