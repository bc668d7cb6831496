package io.httpaudit.stacks;

import java.net.URI;
import java.util.Set;

/** What goes otherwise than most. */
final class Cases {
  /** Longer than any other end waits. */
  private static final int SLOW_MILLIS = 400;

  /** Longer than the other end's late answer takes. */
  private static final int LATE_MILLIS = 500;

  /** Those that no client can bring to a good end. */
  private static final Set<String> FAILING = Set.of("slow", "cut", "cutchunks");

  /** Those that a client may, if it tries again. */
  private static final Set<String> RETRIED = Set.of("silent", "stale", "stalereset");

  private Cases() {}

  /** A server's, before it answers. */
  static void before(Wanted wanted) {
    switch (wanted.framing()) {
      case "throws" -> throw new Stack.Thrown();
      case "slow", "slow-reset" -> pause(SLOW_MILLIS);
      default -> {}
    }
  }

  /** A client's, between two ordinary exchanges. */
  static void make(Stack.Client client, URI server, int number, String kind) throws Exception {
    ordinary(client, server, number, RETRIED.contains(kind));
    int bytes = kind.startsWith("cut") ? 50_000 : 100;
    Wanted wanted = new Wanted(number, bytes, kind);
    boolean sends = kind.equals("continue");
    Asked asked = new Asked(sends ? "POST" : "GET", sends ? 3_000 : 0, false, wanted);
    boolean failed = false;
    try {
      client.make(server.resolve(wanted.target()), asked);
    } catch (Exception e) {
      failed = true;
      if (!FAILING.contains(kind) && !RETRIED.contains(kind)) {
        throw e;
      }
      System.out.println(kind + ": " + e);
    }
    if (!failed && FAILING.contains(kind)) {
      throw new IllegalStateException(kind + " came to a good end");
    }
    pause(kind.equals("slow") ? LATE_MILLIS : 50);
    ordinary(client, server, number, RETRIED.contains(kind));
  }

  private static void ordinary(Stack.Client client, URI server, int number, boolean mayFail)
      throws Exception {
    Asked asked = new Asked("GET", 0, false, new Wanted(number, 100, "length"));
    try {
      client.make(server.resolve(asked.wanted().target()), asked);
    } catch (Exception e) {
      if (!mayFail) {
        throw e;
      }
      System.out.println("behind it: " + e);
    }
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
