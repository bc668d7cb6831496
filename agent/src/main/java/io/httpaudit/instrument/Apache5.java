package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;

/** Apache HttpClient 5: its classic client and its asynchronous one. */
final class Apache5 implements Library {
  private final Library classic;
  private final Library async;

  Apache5(Observer observer, Propagation propagation) {
    classic = new ApacheClassic(observer, propagation, true);
    async = new ApacheAsync(observer, propagation);
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
