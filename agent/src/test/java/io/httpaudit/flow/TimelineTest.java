package io.httpaudit.flow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class TimelineTest {
  private static final int BYTES = 600;

  @Test
  void everyByteOfARandomConversationHasTheTimesOfTheByteModel() {
    for (long seed = 0; seed < 4_000; seed++) {
      conversation(seed, 0xFFFF_0000 + (int) (seed % 7) * 13_107, false);
    }
  }

  @Test
  void theSameHoldsWhereSequenceNumbersWrapWithinTheConversation() {
    for (long seed = 10_000; seed < 14_000; seed++) {
      conversation(seed, -1 - new Random(seed).nextInt(BYTES), false);
    }
  }

  @Test
  void theSameHoldsIfTheSynIsKnownLast() {
    for (long seed = 20_000; seed < 22_000; seed++) {
      conversation(seed, -1 - new Random(seed).nextInt(BYTES), true);
    }
  }

  @Test
  void whatIsForgottenChangesNothingBehindIt() {
    Random random = new Random(5);
    for (int round = 0; round < 4_000; round++) {
      Timeline line = new Timeline();
      ByteModel model = new ByteModel(BYTES);
      line.isn(-200);
      int forgotten = 0;
      int sent = 0;
      long time = 1;
      while (sent < BYTES) {
        int from = random.nextInt(4) == 0 ? random.nextInt(sent + 1) : sent;
        int length = Math.min(1 + random.nextInt(60), BYTES - from);
        line.data(line.position(-199 + from), length, 0, ++time);
        model.data(from, length, 0, time);
        sent = Math.max(sent, from + length);
        if (random.nextBoolean()) {
          line.ack(sent, false, ++time);
          model.ack(sent, false, time);
        }
        if (random.nextInt(5) == 0) {
          forgotten = forgotten + random.nextInt(sent - forgotten + 1);
          line.trim(forgotten);
        }
        if (forgotten < sent) {
          int a = forgotten + random.nextInt(sent - forgotten);
          compare(line, model, a, a + 1 + random.nextInt(sent - a), random, time);
        }
      }
    }
  }

  private static void conversation(long seed, int isn, boolean synLast) {
    Random random = new Random(seed);
    Timeline line = new Timeline();
    ByteModel model = new ByteModel(BYTES);
    if (!synLast) {
      assertThat(line.isn(isn)).isTrue();
    } else {
      // Any first number will do; the conversation may begin with a later byte.
      line.position(isn + 1 + random.nextInt(100));
    }
    boolean lossy = random.nextInt(3) == 0;
    int next = 0;
    int acked = 0;
    long time = 1_000;
    while (next < BYTES) {
      time += random.nextInt(3);
      int kind = random.nextInt(10);
      int from;
      int length;
      if (kind == 0 && next > 0) {
        // A keep-alive or zero-window probe: the last byte again, or none.
        from = next - 1;
        length = random.nextInt(2);
      } else if (kind <= 2 && next > 0) {
        // Again, repacketized.
        from = random.nextInt(next);
        length = 1 + random.nextInt(BYTES - from);
      } else {
        from = next;
        length = Math.min(1 + random.nextInt(80), BYTES - next);
      }
      int unit = random.nextInt(3) == 0 ? 1 + random.nextInt(30) : 0;
      if (!(kind > 2 && lossy && random.nextInt(4) == 0)) {
        if (length > 0) {
          model.data(from, length, unit, time);
        }
        line.data(line.position(isn + 1 + from), length, unit, time);
      }
      next = Math.max(next, from + length);
      if (random.nextInt(3) == 0) {
        time += random.nextInt(3);
        int to = random.nextInt(6) == 0 ? random.nextInt(next + 1) : next;
        boolean data = random.nextBoolean();
        if (to > acked) {
          model.ack(to, data, time);
          acked = to;
        }
        line.ack(line.position(isn + 1 + to), data, time);
      }
    }
    if (synLast) {
      assertThat(line.covered(0, 1)).isFalse();
      line.isn(isn);
    }
    assertThat(line.acked()).isEqualTo(acked);
    for (int i = 0; i < 12; i++) {
      int a = random.nextInt(BYTES);
      compare(line, model, a, a + 1 + random.nextInt(BYTES - a), random, time);
    }
    compare(line, model, 0, BYTES, random, time);
  }

  private static void compare(
      Timeline line, ByteModel model, int a, int b, Random random, long now) {
    RangeFacts facts = new RangeFacts();
    line.measureSent(a, b, facts);
    assertThat(facts.covered).isEqualTo(model.covered(a, b)).isEqualTo(line.covered(a, b));
    assertThat(facts.seen).isEqualTo(model.covered(a, a + 1));
    assertThat(facts.segments).isEqualTo(model.segments(a, b));
    assertThat(facts.retransmits).isEqualTo(model.retransmits(a, b));
    assertThat(facts.outOfOrder).isEqualTo(model.outOfOrder(a, b));
    if (facts.seen) {
      assertThat(facts.first).isEqualTo(model.sent(a));
    }
    if (!facts.covered) {
      return;
    }
    long last = Long.MIN_VALUE;
    for (int i = a; i < b; i++) {
      last = Math.max(last, model.sent(i));
    }
    assertThat(facts.last).isEqualTo(last);
    assertThat(line.ackTime(b - 1)).isEqualTo(model.ackTime(b - 1));
    if (model.ackTime(b - 1) != Long.MAX_VALUE) {
      assertThat(line.ackCarriesData(b - 1)).isEqualTo(model.ackData(b - 1));
    }
    long readAll = random.nextBoolean() ? Long.MAX_VALUE : random.nextLong(now + 10);
    long readFirst = readAll == Long.MAX_VALUE ? Long.MAX_VALUE : random.nextLong(readAll + 1);
    line.measureArrived(a, b, readFirst, readAll, facts);
    assertThat(facts.first).isEqualTo(model.arrived(a, readFirst));
    last = model.arrived(a, readFirst);
    for (int i = a + 1; i < b; i++) {
      last = Math.max(last, model.arrived(i, readAll));
    }
    assertThat(facts.last).isEqualTo(last);
  }

  @Test
  void positionsGrowBeyondFourGibibytes() {
    Timeline line = new Timeline();
    line.isn(0xFFFF_0000);
    int seq = 0xFFFF_0001;
    long position = 0;
    for (int i = 0; i < 200; i++) {
      line.data(line.position(seq), 60_000_000, 0, i + 1);
      line.ack(line.position(seq + 60_000_000), false, i + 1);
      line.trim(position);
      seq += 60_000_000;
      position += 60_000_000;
    }
    assertThat(line.contiguous()).isEqualTo(12_000_000_000L);
    assertThat(line.acked()).isEqualTo(12_000_000_000L);
    assertThat(line.records()).isLessThan(4);
  }

  /** RFC 9293, 3.4: the comparison SND.UNA < SEG.ACK =< SND.NXT holds modulo 2^32. */
  @Test
  void anAcknowledgementBehindTheWrapCoversWhatWasSentBeforeIt() {
    Timeline line = new Timeline();
    line.isn(0xFFFF_FFF0);
    line.data(line.position(0xFFFF_FFF1), 32, 0, 10);
    line.ack(line.position(0x0000_0011), false, 20);
    assertThat(line.contiguous()).isEqualTo(32);
    assertThat(line.acked()).isEqualTo(32);
    assertThat(line.ackTime(31)).isEqualTo(20);
    line.ack(line.position(0xFFFF_FFF8), false, 30);
    assertThat(line.acked()).isEqualTo(32);
  }

  /** RFC 9293, figure 6: A's SYN is 100, B's 300; A's first data is 101. */
  @Test
  void theFirstByteBehindTheSynIsPositionZero() {
    Timeline line = new Timeline();
    line.isn(100);
    assertThat(line.position(101)).isZero();
    assertThat(line.position(100)).isEqualTo(-1);
  }

  @Test
  void aKeepAliveBeforeTheFirstByteIsNoByteOfTheStream() {
    Timeline line = new Timeline();
    line.isn(100);
    line.data(line.position(100), 1, 0, 5);
    assertThat(line.contiguous()).isZero();
    assertThat(line.records()).isZero();
  }

  @Test
  void aRecordThatIsLateByItsTimeIsPutWhereItBelongs() {
    Timeline line = new Timeline();
    line.isn(0);
    line.data(0, 10, 0, 100);
    line.data(0, 10, 0, 300);
    line.data(0, 10, 0, 200);
    line.ack(10, false, 250);
    RangeFacts facts = new RangeFacts();
    line.measureArrived(0, 10, Long.MAX_VALUE, Long.MAX_VALUE, facts);
    assertThat(facts.first).isEqualTo(200);
    assertThat(facts.last).isEqualTo(200);
    assertThat(facts.segments).isEqualTo(3);
    assertThat(facts.retransmits).isEqualTo(2);
  }
}
