package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.Neighbour;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One audited JVM among processes that move far more packets than it: over the same interfaces, to
 * the same server, from the same program, on the same port by SO_REUSEPORT, and through its host as
 * a router. Nothing of theirs leaves the kernel, and no payload of anyone's is kept there.
 */
class PrivateIT {
  private static final int PORT = 8080;
  private static final int VOLUME = Integer.getInteger("volume", 1);

  /** Packets of others that the host must have moved. */
  private static final long OTHERS = 50_000L * VOLUME;

  /** Of each stream that the others send, so that all together are more than enough. */
  private static final int EXCHANGES = 8_000 * VOLUME;

  /**
   * To the shared port: half goes to the audited JVM, and all of its records must still be in the
   * ring at the end.
   */
  private static final int SHARED = 4_000;

  /** Whether a record is whole, or was given up: the two upper bits of its length. */
  private static final int LENGTH = 0x3fff_ffff;

  /** In a flow's number: the server's end claimed it. */
  private static final long CLAIMED_BY_SERVER = 1L << 62;

  private static final int RECORD = 48;

  @TempDir Path folder;

  /** A connection as the audit log or the kernel names it: the audited end, then the other. */
  record Pair(String local, String peer) {}

  /** What a packet and its record have in common; sequence numbers make it one of its kind. */
  record Seen(long seq, long ack, int flags, int window, int payload) {}

  @Test
  void nothingOfTheNeighboursLeavesTheKernelAndNoPayloadIsKept() throws Exception {
    Assumptions.assumeTrue(
        "root".equals(System.getProperty("user.name")), "needs root, for network namespaces");
    Assumptions.assumeTrue(Command.exists("bpftool"), "needs bpftool");
    Assumptions.assumeTrue(
        Command.exists("tshark") && Command.exists("tcpdump"), "needs tcpdump and tshark");
    try (Namespaces namespaces = new Namespaces()) {
      Namespaces.Host here = namespaces.host();
      Namespaces.Host there = namespaces.host();
      Namespaces.Host behind = namespaces.host();
      namespaces.join(
          here, "out0", "10.9.1.1/24", "fd09:1::1/64", there, "in0", "10.9.1.2/24", "fd09:1::2/64");
      namespaces.join(
          here,
          "out1",
          "10.9.2.1/24",
          "fd09:2::1/64",
          behind,
          "in0",
          "10.9.2.2/24",
          "fd09:2::2/64");
      here.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
      behind.run("ip", "route", "add", "default", "via", "10.9.2.1");
      there.run("ip", "route", "add", "10.9.2.0/24", "via", "10.9.1.1");
      among(here, there, behind);
    }
  }

  private void among(Namespaces.Host here, Namespaces.Host there, Namespaces.Host behind)
      throws Exception {
    Path log = folder.resolve("audit.jsonl");
    // The audited calls are by ports 20001 and on, those to the shared port by 21001 and on: the
    // oracle needs no others, and
    // no other caller is given them.
    try (Tcpdump oracle =
            new Tcpdump(
                here, "out0", "tcp and portrange 20001-24999", folder.resolve("out0.pcap"));
        Jvm server = neighbour(there, "serve=" + PORT);
        Jvm sibling = neighbour(here, "serve=" + PORT);
        Jvm audited =
            Jvm.of(Neighbour.class)
                .in(here)
                .log(log)
                .arguments(
                    "serve=" + PORT,
                    "call=10.9.1.2:" + PORT,
                    "exchanges=300",
                    "each=5",
                    "ports=20001",
                    "pause=5")
                .start();
        Jvm sameServer = caller(here, "10.9.1.2", EXCHANGES, 0);
        Jvm routed = caller(behind, "10.9.1.2", EXCHANGES, 0);
        Jvm shared = caller(there, "10.9.1.1", SHARED, 21001);
        // Where nobody but the neighbour listens.
        Jvm onLoopback =
            neighbour(
                here, "serve=9090", "call=127.0.0.1:9090", "exchanges=" + EXCHANGES, "each=20")) {
      List<Jvm> others = List.of(sameServer, routed, shared, onLoopback);
      for (Jvm jvm : List.of(server, sibling, audited, sameServer, routed, shared, onLoopback)) {
        jvm.awaitLine("ready");
      }
      audited.awaitAudit();
      KernelMaps maps = new KernelMaps(audited.pid());
      long before = packets(here);
      audited.say("");
      others.forEach(jvm -> jvm.say(""));
      Set<Pair> admitted = new HashSet<>();
      Jvm.await(
          () -> {
            admitted.addAll(tuples(maps));
            return others.stream().allMatch(jvm -> jvm.stdoutSoFar().contains("called"));
          },
          60 + 30 * VOLUME);
      audited.awaitLine("called");
      long moved = packets(here) - before;

      // What is left is what the JVM itself holds: its own sockets, by another's word.
      Jvm.await(() -> tuples(maps).equals(sockets(here, audited.pid())), 10);
      assertThat(tuples(maps)).hasSizeGreaterThanOrEqualTo(3);

      byte[] ring = ring(maps);
      byte[] outbound = maps.dump("outbound");
      byte[] inbound = maps.dump("inbound");
      // Both are full of connections, and the search finds what is there.
      assertThat(contains(outbound, new byte[] {10, 9, 1, 2})).isTrue();
      assertThat(contains(inbound, new byte[] {10, 9, 1, 1})).isTrue();
      assertThat(List.of(outbound, inbound, ring, maps.dump("admitted"), maps.dump("listening")))
          .noneMatch(PrivateIT::holdsPayload);

      audited.process().getOutputStream().close();
      assertThat(audited.await()).isZero();
      oracle.stop();

      Set<Pair> own = new HashSet<>();
      Set<Long> connections = new TreeSet<>();
      for (JsonNode line : audited.lines()) {
        if (line.has("peer")) {
          own.add(new Pair(line.get("local").asText(), line.get("peer").asText()));
          connections.add(line.get("connection").asLong());
        }
      }
      assertThat(audited.lines("summary").get(0).get("interfaces").toString())
          .as("the filter saw all of it")
          .isEqualTo("[\"lo\",\"out0\",\"out1\"]");
      assertThat(own).containsAll(admitted);
      assertThat(own.stream().filter(pair -> pair.local().equals("10.9.1.1:" + PORT)).count())
          .as("connections to the shared port that came to the audited JVM, of " + SHARED / 20)
          .isBetween(10L, SHARED / 20 - 10L);
      long records = onlyOwnRecords(ring, connections, packetsOf(own, oracle.file()));
      assertThat(audited.lines("exchange"))
          .allMatch(line -> line.get("verdict").asText().equals("matched"));
      long foreign = moved - 2 * records;
      assertThat(foreign).as("packets of others").isGreaterThanOrEqualTo(OTHERS);
      System.out.println(
          foreign
              + " packets of others and "
              + records
              + " records, all of "
              + own.size()
              + " own connections; no payload in "
              + (outbound.length + inbound.length)
              + " bytes of candidates");
    }
  }

  private static Jvm neighbour(Namespaces.Host host, String... arguments) {
    return Jvm.of(Neighbour.class).withoutAgent().in(host).arguments((Object[]) arguments).start();
  }

  private static Jvm caller(Namespaces.Host host, String to, int exchanges, int ports) {
    return neighbour(
        host, "call=" + to + ":" + PORT, "exchanges=" + exchanges, "each=20", "ports=" + ports);
  }

  /** Seen by the host's interfaces; on loopback each counts once. */
  private static long packets(Namespaces.Host host) {
    long packets = 0;
    for (String line : host.run("cat", "/proc/net/dev").split("\n")) {
      String[] words = line.trim().split("[:\\s]+");
      if (words[0].equals("lo")) {
        packets += Long.parseLong(words[2]);
      } else if (words[0].startsWith("out")) {
        packets += Long.parseLong(words[2]) + Long.parseLong(words[10]);
      }
    }
    return packets;
  }

  /** The flows that are admitted, seen from the audited host, which has 10.9.1.1. */
  private static Set<Pair> tuples(KernelMaps maps) {
    Set<Pair> pairs = new HashSet<>();
    for (KernelMaps.Entry entry : maps.entries("admitted")) {
      String lower = endpoint(entry.key(), 0);
      String upper = endpoint(entry.key(), 20);
      pairs.add(lower.startsWith("10.9.1.1:") ? new Pair(lower, upper) : new Pair(upper, lower));
    }
    return pairs;
  }

  /** struct endpoint of an IPv4 address. */
  private static String endpoint(byte[] tuple, int at) {
    int port = ByteBuffer.wrap(tuple).order(ByteOrder.nativeOrder()).getShort(at + 16) & 0xffff;
    return Stream.of(12, 13, 14, 15)
            .map(i -> tuple[at + i] & 0xff)
            .map(String::valueOf)
            .reduce((a, b) -> a + "." + b)
            .orElseThrow()
        + ":"
        + port;
  }

  /** Established TCP connections of a process, by ss(8). */
  private static Set<Pair> sockets(Namespaces.Host host, long pid) {
    Set<Pair> pairs = new HashSet<>();
    for (String line : host.run("ss", "-tnpH", "state", "established").split("\n")) {
      if (line.contains("pid=" + pid + ",")) {
        String[] words = line.trim().split("\\s+");
        pairs.add(new Pair(unmapped(words[2]), unmapped(words[3])));
      }
    }
    return pairs;
  }

  private static String unmapped(String address) {
    return address.replace("[::ffff:", "").replace("]", "");
  }

  /** As RingDump in the agent's tests writes it. */
  private byte[] ring(KernelMaps maps) throws Exception {
    Path file = folder.resolve("ring");
    AgentTests.jvm("io.httpaudit.kernel.RingDump", Jdk.current())
        .arguments(maps.id("ring"), file)
        .run();
    return Files.readAllBytes(file);
  }

  private static boolean holdsPayload(byte[] bytes) {
    String mark = Neighbour.MARK.repeat(3);
    for (int i = 0; i < Neighbour.MARK.length(); i++) {
      if (contains(bytes, mark.substring(i, i + 8).getBytes(StandardCharsets.US_ASCII))) {
        return true;
      }
    }
    return contains(bytes, "HTTP/1.1".getBytes(StandardCharsets.US_ASCII))
        || contains(bytes, "X-Secret".getBytes(StandardCharsets.US_ASCII));
  }

  private static boolean contains(byte[] bytes, byte[] part) {
    return new String(bytes, StandardCharsets.ISO_8859_1)
        .contains(new String(part, StandardCharsets.ISO_8859_1));
  }

  /** What the oracle saw of these connections. */
  private static Map<Seen, Integer> packetsOf(Set<Pair> own, Path capture) {
    Map<Seen, Integer> packets = new HashMap<>();
    String fields =
        Command.run(
            "tshark",
            "-r",
            capture.toString(),
            "-o",
            "tcp.relative_sequence_numbers:FALSE",
            "-T",
            "fields",
            "-e",
            "ip.src",
            "-e",
            "tcp.srcport",
            "-e",
            "ip.dst",
            "-e",
            "tcp.dstport",
            "-e",
            "tcp.seq_raw",
            "-e",
            "tcp.ack_raw",
            "-e",
            "tcp.flags",
            "-e",
            "tcp.window_size_value",
            "-e",
            "tcp.len");
    for (String line : fields.split("\n")) {
      String[] f = line.split("\t");
      String from = f[0] + ":" + f[1];
      String to = f[2] + ":" + f[3];
      if (own.contains(new Pair(from, to)) || own.contains(new Pair(to, from))) {
        Seen seen =
            new Seen(
                Long.parseLong(f[4]),
                Long.parseLong(f[5]),
                Integer.decode(f[6]) & 0xff,
                Integer.parseInt(f[7]),
                Integer.parseInt(f[8]));
        packets.merge(seen, 1, Integer::sum);
      }
    }
    return packets;
  }

  /**
   * Each record that was ever in the ring is a packet of an own connection, and each such packet is
   * there once at most.
   */
  private static long onlyOwnRecords(
      byte[] dump, Set<Long> connections, Map<Seen, Integer> packets) {
    ByteBuffer ring =
        ByteBuffer.wrap(dump, Long.BYTES, dump.length - Long.BYTES)
            .slice()
            .order(ByteOrder.nativeOrder());
    long end = ByteBuffer.wrap(dump).getLong();
    assertThat(end)
        .as("bytes: nothing was overwritten")
        .isLessThanOrEqualTo(ring.capacity())
        .isPositive();
    List<String> wrong = new ArrayList<>();
    long records = 0;
    for (int at = 0; at < end; ) {
      int length = ring.getInt(at) & LENGTH;
      assertThat(length).isEqualTo(RECORD);
      int record = at + 8;
      long flow = ring.getLong(record + 8) & ~CLAIMED_BY_SERVER;
      Seen seen =
          new Seen(
              ring.getInt(record + 16) & 0xffff_ffffL,
              ring.getInt(record + 20) & 0xffff_ffffL,
              ring.get(record + 42) & 0xff,
              ring.getShort(record + 36) & 0xffff,
              ring.getInt(record + 24));
      Integer left = packets.get(seen);
      if (!connections.contains(flow) || left == null || left == 0) {
        wrong.add("flow " + flow + ": " + seen);
      } else {
        packets.put(seen, left - 1);
      }
      records++;
      at += RECORD + 8;
    }
    // Behind the last record nothing was ever written.
    for (int at = (int) end; at < ring.capacity(); at++) {
      if (ring.get(at) != 0) {
        wrong.add("a byte behind the last record, at " + at);
        break;
      }
    }
    assertThat(wrong).as("records that are no packet of an own connection").isEmpty();
    return records;
  }
}
