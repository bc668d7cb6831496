package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;

/** Apache HttpClient, 4 or 5: its classic client and its asynchronous one. */
final class Apache implements Library {
  private final Library classic;
  private final Library async;

  private Apache(Library classic, Library async) {
    this.classic = classic;
    this.async = async;
  }

  static Apache of4(Observer observer, Propagation propagation) {
    return new Apache(
        new ApacheClassic(observer, propagation, false), new Apache4Async(observer, propagation));
  }

  static Apache of5(Observer observer, Propagation propagation) {
    return new Apache(
        new ApacheClassic(observer, propagation, true), new ApacheAsync(observer, propagation));
  }

  @Override
  public Point[] points() {
    Point[] one = classic.points();
    Point[] other = async.points();
    Point[] both = new Point[one.length + other.length];
    System.arraycopy(one, 0, both, 0, one.length);
    System.arraycopy(other, 0, both, one.length, other.length);
    return both;
  }
}
