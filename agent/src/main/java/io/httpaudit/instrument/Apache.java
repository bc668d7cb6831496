package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;
import java.util.stream.Stream;

/**
 * Apache HttpClient, 4 or 5: its classic client and its asynchronous one. The pools of both tell
 * waiters what came of it on whoever's thread comes by: who is called back has the context in which
 * he asked.
 */
final class Apache implements Library {
  private final Library classic;
  private final Library async;
  private final String future;

  private Apache(Library classic, Library async, String room) {
    this.classic = classic;
    this.async = async;
    future = room + "concurrent/BasicFuture";
  }

  static Apache of4(Observer observer, Propagation propagation) {
    return new Apache(
        new ApacheClassic(observer, propagation, false),
        new Apache4Async(observer, propagation),
        "org/apache/http/");
  }

  static Apache of5(Observer observer, Propagation propagation) {
    return new Apache(
        new ApacheClassic(observer, propagation, true),
        new ApacheAsync(observer, propagation),
        "org/apache/hc/core5/");
  }

  @Override
  public Point[] points() {
    Stream<Point> futures =
        Stream.of(
            Point.registers(future, "<init>", "", 0),
            Point.runsItself(future, "completed", "(Ljava/lang/Object;)Z"),
            Point.runsItself(future, "failed", "(Ljava/lang/Exception;)Z"),
            Point.runsItself(future, "cancel", "(Z)Z"));
    return Stream.of(Stream.of(classic.points()), Stream.of(async.points()), futures)
        .flatMap(points -> points)
        .toArray(Point[]::new);
  }
}
