package io.httpaudit.it.oracle;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A packet capture, read with tshark: only the TCP header's fields and the payload; all else is
 * done here.
 */
public final class Capture {
  private static final List<String> FIELDS =
      List.of(
          "frame.time_epoch",
          "ip.src",
          "ip.dst",
          "ipv6.src",
          "ipv6.dst",
          "tcp.srcport",
          "tcp.dstport",
          "tcp.seq_raw",
          "tcp.ack_raw",
          "tcp.flags",
          "tcp.window_size_value",
          "tcp.hdr_len",
          "tcp.options.mss_val",
          "tcp.options.wscale.shift",
          "tcp.len",
          "tcp.payload");

  /** What tshark would do beyond that costs time, and might take bytes for its own. */
  private static final List<String> PLAIN =
      List.of(
          "tcp.relative_sequence_numbers:FALSE",
          "tcp.analyze_sequence_numbers:FALSE",
          "tcp.desegment_tcp_streams:FALSE",
          "ip.defragment:FALSE",
          "ipv6.defragment:FALSE");

  private final List<Conversation> conversations = new ArrayList<>();

  /** The latest on each pair of ends. */
  private final Map<String, Conversation> latest = new HashMap<>();

  private long packets;

  private Capture() {}

  public static Capture of(Path file) {
    Capture capture = new Capture();
    packets(file, capture::take);
    capture.conversations.forEach(Conversation::done);
    return capture;
  }

  /** Each TCP connection whose first SYN was captured, in the order of these. */
  public List<Conversation> conversations() {
    return conversations;
  }

  public long packets() {
    return packets;
  }

  private void take(Packet p) {
    packets++;
    String ends =
        p.from().compareTo(p.to()) < 0 ? p.from() + " " + p.to() : p.to() + " " + p.from();
    Conversation known = latest.get(ends);
    if (p.syn() && !p.ack() && !p.rst() && (known == null || !known.isOpenedBy(p))) {
      known = new Conversation(p);
      conversations.add(known);
      latest.put(ends, known);
    }
    if (known != null) {
      known.take(p);
    }
  }

  private static void packets(Path file, Consumer<Packet> to) {
    List<String> options = PLAIN.stream().flatMap(option -> Stream.of("-o", option)).toList();
    Tshark.read(
        file, "tcp and !icmp and !icmpv6", options, "f", FIELDS, line -> to.accept(packet(line)));
  }

  private static Packet packet(String line) {
    String[] f = line.split("\t", -1);
    byte[] payload = bytes(f[15]);
    if (payload.length != Integer.parseInt(f[14])) {
      throw new IllegalStateException(
          "the capture lacks payload: " + line.substring(0, Math.min(300, line.length())));
    }
    return new Packet(
        nanos(f[0]),
        end(f[1], f[3], f[5]),
        end(f[2], f[4], f[6]),
        Integer.parseUnsignedInt(f[7]),
        Integer.parseUnsignedInt(f[8]),
        Integer.decode(f[9]),
        Integer.parseInt(f[10]),
        Integer.parseInt(f[11]),
        f[12].isEmpty() ? 0 : Integer.parseInt(f[12]),
        f[13].isEmpty() ? 0 : Integer.parseInt(f[13]),
        payload);
  }

  private static String end(String v4, String v6, String port) {
    return v4.isEmpty() ? "[" + v6 + "]:" + port : v4 + ":" + port;
  }

  /** Seconds with nine digits behind the point. */
  private static long nanos(String time) {
    int point = time.indexOf('.');
    return Long.parseLong(time.substring(0, point)) * 1_000_000_000L
        + Long.parseLong(time.substring(point + 1));
  }

  static byte[] bytes(String hex) {
    byte[] bytes = new byte[hex.length() / 2];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] =
          (byte)
              (Character.digit(hex.charAt(2 * i), 16) << 4
                  | Character.digit(hex.charAt(2 * i + 1), 16));
    }
    return bytes;
  }
}
