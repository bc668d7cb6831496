package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;

/**
 * {@code java.net.InetAddress}: how long a client library waited for its peer's name. Literal
 * addresses don't come by here.
 */
final class NameResolution implements Library {
  /** A name that is in the JDK's cache takes less, and then nothing was resolved: nanoseconds. */
  private static final long CACHED = 20_000;

  private static final String OWNER = "java/net/InetAddress";

  private final Resolves probe;

  NameResolution(Observer observer) {
    probe = new Resolves(observer);
  }

  @Override
  public Point[] points() {
    return new Point[] {
      // JDK 17, and 25.
      Point.around(
          OWNER,
          "getAllByName0",
          "(Ljava/lang/String;Ljava/net/InetAddress;ZZ)[Ljava/net/InetAddress;",
          probe),
      Point.around(OWNER, "getAllByName0", "(Ljava/lang/String;Z)[Ljava/net/InetAddress;", probe)
    };
  }

  private static final class Resolves extends HttpAuditProbe {
    private final Observer observer;

    Resolves(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object self, Object one, Object two) {
      return observer.resolves() ? Long.valueOf(System.nanoTime()) : null;
    }

    @Override
    public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {
      if (entered instanceof Long start) {
        long end = System.nanoTime();
        if (end - start >= CACHED) {
          observer.resolved(start, end);
        }
      }
    }
  }
}
