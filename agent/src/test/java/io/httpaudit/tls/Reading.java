package io.httpaudit.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A handshake and its two scanners, to which a trace is passed. */
final class Reading implements Handshake.HelloListener {
  /** A random, as one end's Hello has it. */
  record Told(boolean client, List<Long> random) {}

  final Handshake handshake = new Handshake(this);
  final HandshakeScanner client = new HandshakeScanner(handshake, true);
  final HandshakeScanner server = new HandshakeScanner(handshake, false);
  final List<Told> told = new ArrayList<>();

  @Override
  public void hello(boolean ofClient, long a, long b, long c, long d) {
    told.add(new Told(ofClient, List.of(a, b, c, d)));
  }

  HandshakeScanner of(boolean ofClient) {
    return ofClient ? client : server;
  }

  /**
   * What one end writes: looked at ahead, then moved.
   *
   * @param random null: in one piece
   */
  void pass(boolean ofClient, byte[] bytes, Random random) {
    HandshakeScanner scanner = of(ofClient);
    long before = scanner.position();
    List<Told> already = List.copyOf(told);
    String state = state();
    HandshakeScanner ahead = scanner.ahead();
    passPieces(ahead, bytes, 0, bytes.length, random);
    List<Told> early = List.copyOf(told.subList(already.size(), told.size()));
    assertThat(state()).isEqualTo(state);
    assertThat(scanner.position()).isEqualTo(before);
    told.clear();
    told.addAll(already);
    passPieces(scanner, bytes, 0, bytes.length, random);
    assertThat(scanner.position()).isEqualTo(before + bytes.length);
    List<Told> then = told.subList(already.size(), told.size());
    // Of several in one write the first is told ahead.
    assertThat(early).isEqualTo(then.subList(0, Math.min(1, then.size())));
  }

  void passPieces(boolean ofClient, byte[] bytes, int from, int to, Random random) {
    passPieces(of(ofClient), bytes, from, to, random);
  }

  private static void passPieces(
      HandshakeScanner scanner, byte[] bytes, int from, int to, Random random) {
    if (random == null) {
      scanner.parse(bytes, from, to);
      return;
    }
    int at = from;
    while (at < to) {
      long skippable = scanner.skippable();
      assertThat(skippable).isNotNegative();
      if (skippable > 0 && random.nextBoolean()) {
        int n = 1 + random.nextInt((int) Math.min(skippable, to - at));
        scanner.skip(n);
        at += n;
      } else {
        int n = random.nextInt(4) > 0 ? 1 + random.nextInt(Math.min(9, to - at)) : to - at;
        scanner.parse(bytes, at, at + n);
        at += n;
      }
    }
  }

  /** All that the handshake says. */
  String state() {
    return String.join(
        " ",
        "version=" + handshake.version(),
        "cipher=" + handshake.cipher(),
        "name=" + handshake.serverName(),
        "alpn=" + handshake.alpn(),
        "resumed=" + handshake.resumed().map(String::valueOf).orElse("?"),
        "after=" + handshake.after(),
        "alert=" + handshake.alert(),
        "by=" + handshake.alertBy(),
        "hello=" + handshake.clientHelloSeen());
  }

  /** What of it doesn't depend on which thread came first. */
  String settled() {
    return state().replaceFirst("after=\\S* ", "");
  }
}
