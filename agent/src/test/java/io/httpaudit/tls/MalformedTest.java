package io.httpaudit.tls;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** What no TLS end sends. */
class MalformedTest {
  private static final Keys KEYS = Keys.make();
  private static final List<Trace> TRACES = traces();

  private static List<Trace> traces() {
    List<Trace> traces = new ArrayList<>();
    for (String version : new String[] {"TLSv1.2", "TLSv1.3"}) {
      EnginePair pair =
          new EnginePair(KEYS.context(true, true), KEYS.context(true, true), Keys.HOST)
              .versions(version)
              .protocols("h2", "http/1.1");
      traces.add(pair.handshake().trace);
    }
    return traces;
  }

  private static Reading of(boolean client, String hex) {
    Reading reading = new Reading();
    byte[] bytes = HexFormat.of().parseHex(hex);
    reading.of(client).parse(bytes, 0, bytes.length);
    return reading;
  }

  @Test
  void whatIsNoTlsFails() {
    // A type of no record, another major version, a body that is too long; SSLv2's Hello; HTTP.
    for (String hex :
        new String[] {
          "13030100",
          "19030100",
          "1602",
          "16030148018888",
          "802e01030100",
          HexFormat.of().formatHex("GET / HTTP/1.1\r\n".getBytes())
        }) {
      Reading reading = of(true, hex);
      assertThat(reading.client.failed()).as(hex).isTrue();
      assertThat(reading.client.position()).isEqualTo(hex.length() / 2);
      assertThat(reading.client.skippable()).isEqualTo(Long.MAX_VALUE);
      assertThat(reading.server.failed()).isFalse();
    }
    assertThat(of(true, "1603014800").client.failed()).isFalse();
  }

  @Test
  void aHelloThatIsTooShortSaysNothing() {
    for (int length = 0; length < 40; length++) {
      for (boolean client : new boolean[] {true, false}) {
        String message = String.format("%s0000%02x", client ? "01" : "02", length);
        String hex =
            String.format("160303%04x", 4 + length) + message + "03".repeat(length) + "16030300";
        Reading reading = of(client, hex);
        assertThat(reading.of(client).failed()).isFalse();
        assertThat(reading.handshake.serverName() + reading.handshake.cipher()).isEmpty();
        assertThat(reading.handshake.after()).isEqualTo(client ? "client_hello" : "server_hello");
        assertThat(reading.told).hasSize(length < 34 ? 0 : 1);
      }
    }
  }

  @Test
  void aHelloThatIsTooLongFails() {
    assertThat(of(true, "1603010004" + "01010000").client.failed()).isFalse();
    assertThat(of(true, "1603010004" + "01010001").client.failed()).isTrue();
    assertThat(of(true, "1603010004" + "01ffffff").client.failed()).isTrue();
    // Another message may be, since nothing of it is kept.
    assertThat(of(true, "1603010004" + "0bffffff").client.failed()).isFalse();
  }

  @Test
  void anAlertWithinAMessageHarmsNothing() {
    byte[] stream = TRACES.get(0).stream(false);
    int length = (stream[3] & 0xFF) << 8 | stream[4] & 0xFF;
    for (int cut = 1; cut < Math.min(length, 200); cut++) {
      Reading reading = new Reading();
      byte[] first = Arrays.copyOf(stream, 5 + cut);
      first[3] = (byte) (cut >> 8);
      first[4] = (byte) cut;
      reading.server.parse(first, 0, first.length);
      reading.server.parse(new byte[] {21, 3, 3, 0, 2, 1, 112}, 0, 7);
      byte[] second = Arrays.copyOfRange(stream, cut, 5 + length);
      System.arraycopy(new byte[] {22, 3, 3, 0, 0}, 0, second, 0, 3);
      second[3] = (byte) (length - cut >> 8);
      second[4] = (byte) (length - cut);
      reading.server.parse(second, 0, second.length);
      assertThat(reading.handshake.version()).isEqualTo("1.2");
      assertThat(reading.handshake.alpn()).isEqualTo("h2");
    }
  }

  @Test
  void aNameThatIsNoneIsNotKept() {
    byte[] stream = TRACES.get(0).stream(true);
    String hex = HexFormat.of().formatHex(stream);
    String name = HexFormat.of().formatHex(Keys.HOST.getBytes());
    String control = hex.replace(name, "0a1b5b32" + name.substring(8));
    assertThat(of(true, control).handshake.serverName()).isEqualTo("??[2.test");
    // The list's first entry is of another type.
    assertThat(of(true, hex.replace("000009" + name, "010009" + name)).handshake.serverName())
        .isEmpty();
    // The name is longer than its extension.
    assertThat(of(true, hex.replace("000009" + name, "000109" + name)).handshake.serverName())
        .isEmpty();
  }

  @Property(tries = 3000)
  void mutationsNeverThrow(@ForAll long seed) {
    Random random = new Random(seed);
    Trace trace = TRACES.get(random.nextInt(TRACES.size()));
    Trace mutated = new Trace();
    for (Trace.Flight flight : trace.flights()) {
      mutated.add(flight.client(), mutate(flight.bytes(), random));
    }
    Reading reading =
        mutated.read(Trace.Order.values()[random.nextInt(Trace.Order.values().length)], random);
    assertThat(reading.handshake.serverName()).matches("[!-~]{0,255}");
    assertThat(reading.handshake.alpn()).matches("[!-~]{0,255}");
    reading.state();
  }

  private static byte[] mutate(byte[] bytes, Random random) {
    byte[] mutated = bytes.clone();
    for (int i = random.nextInt(4); i > 0; i--) {
      // Mostly where lengths and types are.
      int at = random.nextInt(random.nextInt(4) > 0 ? Math.min(300, bytes.length) : bytes.length);
      mutated[at] = (byte) (random.nextBoolean() ? random.nextInt() : random.nextInt(4) - 1);
    }
    return switch (random.nextInt(8)) {
      case 0 -> Arrays.copyOf(mutated, random.nextInt(mutated.length));
      case 1 -> {
        int at = random.nextInt(mutated.length);
        byte[] longer = new byte[mutated.length + 1 + random.nextInt(9)];
        System.arraycopy(mutated, 0, longer, 0, at);
        System.arraycopy(
            mutated, at, longer, longer.length - (mutated.length - at), mutated.length - at);
        yield longer;
      }
      default -> mutated;
    };
  }

  @Property(tries = 2000)
  void randomBytesNeverThrow(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] bytes = new byte[random.nextInt(400)];
    random.nextBytes(bytes);
    Reading reading = new Reading();
    for (boolean client : new boolean[] {true, false}) {
      // A header that is one, so that the body is read.
      for (int at = 0; at + 5 < bytes.length; ) {
        bytes[at] = (byte) (20 + random.nextInt(4));
        bytes[at + 1] = 3;
        bytes[at + 3] = 0;
        bytes[at + 4] = (byte) random.nextInt(60);
        if (random.nextBoolean()) {
          bytes[at + 5] = (byte) (client ? 1 : 2);
        }
        at += 5 + (bytes[at + 4] & 0xFF);
      }
      reading.passPieces(client, bytes, 0, bytes.length, random);
    }
    reading.state();
  }

  /** What is claimed is not allocated before it comes, and then at most twice over. */
  @Test
  void memoryIsBoundedByWhatCame() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    byte[] claim = HexFormat.of().parseHex("1603014000" + "0100fff0");
    long empty = allocated(threads, claim, 1000);
    assertThat(empty).as("bytes for a Hello that doesn't come").isLessThan(2_000);
    byte[] whole = new byte[4 + 0xfff0];
    whole[0] = 1;
    whole[2] = (byte) 0xff;
    whole[3] = (byte) 0xf0;
    byte[] records = records(whole);
    long full = allocated(threads, records, 100);
    assertThat(full).as("bytes for the longest Hello").isLessThan(4 * whole.length);
  }

  @Test
  void whatIsSkippedCostsNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    byte[] certificate = new byte[4 + 60_000];
    certificate[0] = 11;
    certificate[2] = (byte) (60_000 >> 8);
    certificate[3] = (byte) 60_000;
    assertThat(allocated(threads, records(certificate), 1000)).isLessThan(600);
  }

  private static byte[] records(byte[] message) {
    StringBuilder hex = new StringBuilder();
    for (int at = 0; at < message.length; at += 1 << 14) {
      int n = Math.min(1 << 14, message.length - at);
      hex.append(String.format("160301%04x", n));
      hex.append(HexFormat.of().formatHex(message, at, at + n));
    }
    return HexFormat.of().parseHex(hex.toString());
  }

  /** Of a new pair of scanners that reads these bytes, on average. */
  private static long allocated(ThreadMXBean threads, byte[] bytes, int times) {
    Handshake.HelloListener deaf = (client, a, b, c, d) -> {};
    long before = 0;
    for (int i = -times; i < times; i++) {
      if (i == 0) {
        before = threads.getCurrentThreadAllocatedBytes();
      }
      HandshakeScanner scanner = new HandshakeScanner(new Handshake(deaf), true);
      scanner.parse(bytes, 0, bytes.length);
      if (scanner.failed()) {
        throw new AssertionError("failed");
      }
    }
    return (threads.getCurrentThreadAllocatedBytes() - before) / times;
  }
}
