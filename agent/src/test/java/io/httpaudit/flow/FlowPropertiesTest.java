package io.httpaudit.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** A flow by properties: what must come out does not hang on how the packets came in. */
class FlowPropertiesTest {
  private static final int ETH = 2;
  private static final int OTHER = 3;

  private static Packet packet(boolean upper, int seq, int ack, int payload, int flags, long time) {
    Packet p = new Packet();
    p.direction = upper ? Packet.FROM_UPPER : 0;
    p.seq = seq;
    p.ack = ack;
    p.payload = payload;
    p.flags = flags;
    p.window = 500;
    p.ifindex = ETH;
    p.time = time;
    return p;
  }

  private static Packet copy(Packet from) {
    Packet p = packet(from.fromUpper(), from.seq, from.ack, from.payload, from.flags, from.time);
    p.window = from.window;
    p.ifindex = from.ifindex;
    p.gsoSize = from.gsoSize;
    p.lost = from.lost;
    return p;
  }

  /** A connection of two talkers: its packets, distinct times. */
  private static final class Script {
    final Random random;
    final int lowerIsn;
    final int upperIsn;
    final List<Packet> packets = new ArrayList<>();
    final int[] sent = new int[2];
    long time = 1_000;

    Script(Random random) {
      this.random = random;
      // Near the wrap, or anywhere.
      lowerIsn = random.nextBoolean() ? 0xFFFF_0000 + random.nextInt(0x1_0000) : random.nextInt();
      upperIsn = random.nextBoolean() ? -1 - random.nextInt(300) : random.nextInt();
      packets.add(packet(false, lowerIsn, 0, 0, Packet.SYN, ++time));
      packets.add(packet(true, upperIsn, lowerIsn + 1, 0, Packet.SYN | Packet.ACK, ++time));
      packets.add(packet(false, lowerIsn + 1, upperIsn + 1, 0, Packet.ACK, ++time));
    }

    Script talk(int count) {
      for (int i = 0; i < count; i++) {
        boolean upper = random.nextBoolean();
        int mine = upper ? 1 : 0;
        int from = sent[mine];
        int length = random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(100);
        switch (random.nextInt(6)) {
          case 0 -> from = random.nextInt(from + 1);
          // A keep-alive, or a probe of a closed window: one byte below, or none.
          case 1 -> {
            from = from - 1;
            length = random.nextInt(2);
          }
          default -> {}
        }
        time += 1 + random.nextInt(50);
        Packet p =
            packet(
                upper,
                (upper ? upperIsn : lowerIsn) + 1 + from,
                (upper ? lowerIsn : upperIsn) + 1 + sent[1 - mine],
                length,
                Packet.ACK,
                time);
        p.window = random.nextInt(5) == 0 ? 0 : 500;
        p.gsoSize = random.nextInt(3) == 0 && length > 0 ? 1 + random.nextInt(40) : 0;
        packets.add(p);
        sent[mine] = Math.max(sent[mine], from + length);
      }
      return this;
    }
  }

  private static Flow of(List<Packet> packets) {
    Flow flow = new Flow(1);
    packets.forEach(p -> flow.packet(copy(p)));
    return flow;
  }

  /** All that can be asked of a flow, over ranges of the seed's choice. */
  private static void same(Flow actual, Flow expected, Script script, long seed) {
    Random random = new Random(seed);
    assertThat(actual.synTime()).isEqualTo(expected.synTime());
    assertThat(actual.synAckTime()).isEqualTo(expected.synAckTime());
    assertThat(actual.handshakeAck()).isEqualTo(expected.handshakeAck());
    assertThat(actual.syns()).isEqualTo(expected.syns());
    assertThat(actual.synAcks()).isEqualTo(expected.synAcks());
    assertThat(actual.known()).isEqualTo(expected.known());
    for (int i = 0; i < 12; i++) {
      boolean upper = random.nextBoolean();
      int length = script.sent[upper ? 1 : 0];
      int from = random.nextInt(length + 1);
      int to = from + random.nextInt(length - from + 1);
      long read =
          random.nextBoolean() ? Long.MAX_VALUE : 1_000 + random.nextInt((int) (script.time - 990));
      assertThat(facts(actual.from(upper), from, to, read))
          .isEqualTo(facts(expected.from(upper), from, to, read));
      assertThat(actual.from(upper).acked()).isEqualTo(expected.from(upper).acked());
      assertThat(actual.from(upper).highest()).isEqualTo(expected.from(upper).highest());
      assertThat(actual.from(upper).contiguous()).isEqualTo(expected.from(upper).contiguous());
      assertThat(actual.from(upper).ackTime(from)).isEqualTo(expected.from(upper).ackTime(from));
    }
  }

  private static String facts(Timeline line, long from, long to, long read) {
    RangeFacts sent = new RangeFacts();
    RangeFacts arrived = new RangeFacts();
    line.measureSent(from, to, sent);
    line.measureArrived(from, to, read, read, arrived);
    return text(sent) + ", " + text(arrived);
  }

  private static String text(RangeFacts f) {
    return f.covered
        + " "
        + f.seen
        + " "
        + f.first
        + " "
        + (f.covered ? f.last : 0)
        + " "
        + f.segments
        + " "
        + f.retransmits
        + " "
        + f.outOfOrder;
  }

  @Property(tries = 1_500)
  void recordsThatComeLateAreAsIfInOrder(@ForAll long seed) {
    Script script = new Script(new Random(seed)).talk(40);
    List<Packet> late = new ArrayList<>(script.packets);
    Random random = new Random(~seed);
    for (int i = 0; i < late.size(); i++) {
      Collections.swap(late, i, Math.min(late.size() - 1, i + random.nextInt(4)));
    }
    Flow expected = new Flow(1);
    Flow actual = new Flow(1);
    // Both SYNs first: a candidate brings them. Counting of handshake ACKs by order is the ring's.
    for (Flow flow : List.of(expected, actual)) {
      flow.candidate(script.packets.subList(0, 2), 1, 1, script.packets.get(2).time);
    }
    script.packets.subList(2, script.packets.size()).forEach(p -> expected.packet(copy(p)));
    late.stream().filter(p -> !p.has(Packet.SYN)).forEach(p -> actual.packet(copy(p)));
    same(actual, expected, script, seed);
  }

  /**
   * Like the filter's runs: in order, under one acknowledgement, of equal segments; the second look
   * shows more.
   */
  @Property(tries = 1_500)
  void aCandidateThatIsReadTwiceCountsOnce(@ForAll long seed) {
    Random random = new Random(seed);
    Script script = new Script(random);
    List<Packet> runs = new ArrayList<>(script.packets.subList(0, 2));
    int size = 1 + random.nextInt(60);
    int count = 1 + random.nextInt(8);
    for (int i = 0; i < count; i++) {
      boolean upper = random.nextBoolean();
      int mine = upper ? 1 : 0;
      int from = random.nextInt(5) == 0 ? random.nextInt(script.sent[mine] + 1) : script.sent[mine];
      int segments = 1 + random.nextInt(5);
      Packet run =
          packet(
              upper,
              (upper ? script.upperIsn : script.lowerIsn) + 1 + from,
              (upper ? script.lowerIsn : script.upperIsn) + 1 + script.sent[1 - mine],
              segments * size,
              Packet.ACK,
              script.time += 10);
      run.gsoSize = segments > 1 ? size : 0;
      runs.add(run);
      script.sent[mine] = Math.max(script.sent[mine], from + segments * size);
    }
    long handshake = script.packets.get(2).time;
    Flow once = new Flow(1);
    assertThat(
            once.candidate(runs.stream().map(FlowPropertiesTest::copy).toList(), 1, 1, handshake))
        .isTrue();

    // What an earlier look saw: fewer runs, the last of them shorter.
    int seen = 2 + random.nextInt(count + 1);
    List<Packet> early =
        new ArrayList<>(runs.subList(0, seen).stream().map(FlowPropertiesTest::copy).toList());
    Packet last = early.get(early.size() - 1);
    if (last.payload > size) {
      last.payload = size * (1 + random.nextInt(last.payload / size));
      last.gsoSize = last.payload > size ? size : 0;
    }
    Flow twice = new Flow(1);
    twice.candidate(early, 1, 1, random.nextBoolean() ? 0 : handshake);
    twice.candidate(runs.stream().map(FlowPropertiesTest::copy).toList(), 1, 1, handshake);
    twice.candidate(runs.stream().map(FlowPropertiesTest::copy).toList(), 1, 1, handshake);
    same(twice, once, script, seed);
  }

  /** An old ACK, data sent again and an RST, all of the connection that the tuple was before. */
  @Property(tries = 500)
  void whatIsOlderThanTheHandshakeIsAsIfNeverSeen(@ForAll long seed) {
    Random random = new Random(seed);
    Script script = new Script(random);
    List<Packet> old =
        List.of(
            packet(true, random.nextInt(), random.nextInt(), 0, Packet.ACK, 1_001),
            packet(true, random.nextInt(), random.nextInt(), 90, Packet.ACK | Packet.FIN, 1_001),
            packet(false, random.nextInt(), random.nextInt(), 0, Packet.RST, 1_001));
    List<Packet> all = new ArrayList<>(script.packets);
    all.addAll(2, old);
    Flow expected = new Flow(1);
    expected.candidate(script.packets, 2, 1, script.packets.get(2).time);
    Flow actual = new Flow(1);
    if (random.nextBoolean()) {
      // The first look came before the SYN-ACK.
      List<Packet> first = new ArrayList<>(old);
      first.add(0, all.get(0));
      actual.candidate(first, 1, 0, 0);
      assertThat(actual.over()).isTrue();
    }
    actual.candidate(all, 2, 1, script.packets.get(2).time);
    script.talk(20).packets.stream()
        .skip(3)
        .forEach(
            p -> {
              expected.packet(copy(p));
              actual.packet(copy(p));
            });
    same(actual, expected, script, seed);
    assertThat(actual.over()).isFalse();
    assertThat(actual.from(true).fin()).isEqualTo(-1);
  }

  /**
   * Once the home interface shows a direction, only what it shows counts; one that only the other
   * shows is taken from there.
   */
  @Property(tries = 1_500)
  void twoInterfacesOnOnePath(@ForAll long seed) {
    Random random = new Random(seed);
    Script script = new Script(random).talk(30);
    // The home interface is tapped late, and perhaps never sees one direction.
    int tapped = 2 + random.nextInt(script.packets.size());
    boolean oneWay = random.nextBoolean();
    Flow actual = new Flow(1);
    actual.home(ETH);
    List<List<Packet>> counting = List.of(new ArrayList<>(), new ArrayList<>());
    boolean[] home = new boolean[2];
    for (int i = 0; i < script.packets.size(); i++) {
      Packet p = script.packets.get(i);
      Packet other = copy(p);
      other.ifindex = OTHER;
      other.time++;
      List<Packet> shown = new ArrayList<>(List.of(other));
      int direction = p.fromUpper() ? 1 : 0;
      if (!home[direction]) {
        counting.get(direction).add(other);
      }
      if (i >= tapped && !(oneWay && p.fromUpper())) {
        if (!home[direction]) {
          home[direction] = true;
          counting.get(direction).clear();
        }
        counting.get(direction).add(p);
        shown.add(random.nextInt(2), p);
      }
      shown.forEach(one -> actual.packet(copy(one)));
    }
    for (boolean upper : new boolean[] {false, true}) {
      Flow expected = new Flow(1);
      expected.candidate(script.packets.subList(0, 2), 1, 1, 0);
      expected.from(upper).ifindex(0);
      counting.get(upper ? 1 : 0).forEach(p -> expected.packet(copy(p)));
      for (int i = 0; i < 10; i++) {
        int to = random.nextInt(script.sent[upper ? 1 : 0] + 1);
        int from = random.nextInt(to + 1);
        RangeFacts one = new RangeFacts();
        RangeFacts two = new RangeFacts();
        actual.from(upper).measureSent(from, to, one);
        expected.from(upper).measureSent(from, to, two);
        assertThat(text(one)).isEqualTo(text(two));
      }
    }
  }

  /** Admitted before its handshake: what arrives passes the link first, and then the VLAN on it. */
  @Example
  void handshakeThatTwoInterfacesShowIsOne() {
    Flow flow = new Flow(1);
    flow.home(ETH);
    for (Packet p : new Script(new Random(1)).packets) {
      Packet onLink = copy(p);
      onLink.ifindex = OTHER;
      flow.packet(p.fromUpper() ? onLink : copy(p));
      flow.packet(p.fromUpper() ? copy(p) : onLink);
    }
    assertThat(flow.syns()).isEqualTo(1);
    assertThat(flow.synAcks()).isEqualTo(1);
  }

  @Property(tries = 1_000)
  void lossesAreNeverOverlooked(@ForAll long seed) {
    Random random = new Random(seed);
    Script script = new Script(random).talk(60);
    Flow flow = new Flow(1);
    int lost = 0;
    List<long[]> gaps = new ArrayList<>();
    long before = Long.MIN_VALUE;
    int chance = 1 + random.nextInt(20);
    for (Packet p : script.packets) {
      if (random.nextInt(20) < chance && before != Long.MIN_VALUE && random.nextInt(3) == 0) {
        lost += 1 + random.nextInt(3);
        gaps.add(new long[] {before, p.time});
      }
      Packet told = copy(p);
      told.lost = lost;
      flow.packet(told);
      before = p.time;
    }
    for (int i = 0; i < 20; i++) {
      long from = 1_000 + random.nextInt((int) (script.time - 990));
      long to = from + random.nextInt(100);
      boolean expected = gaps.stream().anyMatch(gap -> gap[1] >= from && gap[0] <= to);
      if (expected || gaps.size() <= 16) {
        assertThat(flow.lostWithin(from, to)).isEqualTo(expected);
      }
    }
    assertThat(flow.lost()).isEqualTo(lost);
  }

  @Property(tries = 1_000)
  void zeroWindowsAreTransitions(@ForAll long seed) {
    Script script = new Script(new Random(seed)).talk(60);
    Flow flow = of(script.packets);
    Random random = new Random(~seed);
    long forgotten =
        random.nextBoolean() ? Long.MIN_VALUE : 1_000 + random.nextInt((int) (script.time - 999));
    if (forgotten != Long.MIN_VALUE) {
      flow.trim(forgotten);
    }
    for (int i = 0; i < 10; i++) {
      long from = Math.max(forgotten, 1_000 + random.nextInt((int) (script.time - 999)));
      long to = from + random.nextInt(1_000);
      long expected = 0;
      for (boolean upper : new boolean[] {false, true}) {
        boolean zero = false;
        for (Packet p : script.packets) {
          if (p.fromUpper() == upper && !p.has(Packet.SYN)) {
            if (p.window == 0 && !zero && p.time >= from && p.time <= to) {
              expected++;
            }
            zero = p.window == 0;
          }
        }
      }
      assertThat(flow.zeroWindows(from, to)).isEqualTo(expected);
    }
  }

  /** Port reuse within seconds: another initial number is another connection's. */
  @Property(tries = 500)
  void aTupleThatIsUsedAgain(@ForAll long seed) {
    Script script = new Script(new Random(seed)).talk(20);
    Script next = new Script(new Random(seed + 1)).talk(20);
    Flow flow = of(script.packets);
    if (next.lowerIsn == script.lowerIsn) {
      return;
    }
    next.packets.forEach(
        p -> {
          p.time += script.time;
          flow.packet(copy(p));
        });
    assertThat(flow.over()).isTrue();
    assertThat(flow.candidate(next.packets.subList(0, 2), 1, 1, 0)).isFalse();
    same(flow, of(script.packets), script, seed);
  }

  /** Positions are 64 bits wide: far into a stream all is as at its beginning. */
  @Property(tries = 1_000)
  void farIntoAStream(@ForAll long seed) {
    Random random = new Random(seed);
    int isn = random.nextInt();
    Timeline near = new Timeline();
    near.isn(isn);
    Timeline far = new Timeline();
    far.isn(isn);
    long ahead = 0;
    for (int i = random.nextInt(40); i >= 0; i--) {
      int length = 1 + random.nextInt(500_000_000);
      far.data(far.position(isn + 1 + (int) ahead), length, 0, 1);
      ahead += length;
      far.ack(far.position(isn + 1 + (int) ahead), false, 2);
    }
    far.trim(ahead);
    assertThat(far.contiguous()).isEqualTo(ahead);
    int next = 0;
    for (long time = 10; time < 40; time++) {
      int from =
          random.nextInt(3) == 0
              ? random.nextInt(next + 1)
              : next + (random.nextInt(5) == 0 ? 7 : 0);
      int length = 1 + random.nextInt(50);
      near.data(near.position(isn + 1 + from), length, 0, time);
      far.data(far.position(isn + 1 + (int) ahead + from), length, 0, time);
      next = Math.max(next, from + length);
      if (random.nextBoolean()) {
        int acked = random.nextInt(next + 1);
        near.ack(near.position(isn + 1 + acked), false, time);
        far.ack(far.position(isn + 1 + (int) ahead + acked), false, time);
      }
    }
    for (int i = 0; i < 10; i++) {
      int from = random.nextInt(next);
      int to = from + 1 + random.nextInt(next - from);
      assertThat(facts(far, ahead + from, ahead + to, Long.MAX_VALUE))
          .isEqualTo(facts(near, from, to, Long.MAX_VALUE));
      assertThat(far.ackTime(ahead + from)).isEqualTo(near.ackTime(from));
    }
  }

  /** INTERFACE.md, Phases: the last copy before the first acknowledgement that covers the byte. */
  @Property(tries = 1_000)
  void theFirstAcknowledgementDecides(@ForAll long seed) {
    Random random = new Random(seed);
    Timeline line = new Timeline();
    line.isn(random.nextInt());
    List<Long> copies = new ArrayList<>();
    long time = 100;
    for (int i = random.nextInt(5); i >= 0; i--) {
      copies.add(time += 2 * (1 + random.nextInt(5)));
    }
    long acked = 95 + 2 * random.nextInt(30);
    List<Long> events = new ArrayList<>(copies);
    events.add(acked);
    events.sort(Comparator.naturalOrder());
    boolean told = false;
    for (long at : events) {
      if (at == acked && !told) {
        line.ack(1, false, acked);
        // A later one covers no less, and decides nothing.
        line.ack(1, false, acked + 1);
        told = true;
      }
      if (copies.contains(at)) {
        line.data(0, 1, 0, at);
      }
    }
    long expected =
        copies.stream().filter(at -> at <= acked).max(Long::compare).orElse(copies.get(0));
    RangeFacts facts = new RangeFacts();
    line.measureArrived(0, 1, Long.MAX_VALUE, Long.MAX_VALUE, facts);
    assertThat(facts.first).isEqualTo(expected);
    assertThat(facts.last).isEqualTo(expected);
    assertThat(facts.retransmits).isEqualTo(copies.size() - 1);
  }
}
