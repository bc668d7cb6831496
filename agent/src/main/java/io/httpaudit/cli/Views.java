package io.httpaudit.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * An exchange as its client saw it, or as its server did, or both, if both have written to the log.
 */
final class Views {
  /** What may lie between the two starts, in microseconds, where an end is not known. */
  private static final long APART = 1_000_000;

  private final long start;
  private Logged client;
  private Logged server;

  Views(Logged first) {
    start = first.start();
    put(first);
  }

  private void put(Logged view) {
    if (view.isServer()) {
      server = view;
    } else {
      client = view;
    }
  }

  /**
   * Takes the other side's view, if it is of the same exchange: same flow, same bytes, at the same
   * time.
   */
  boolean join(Logged view) {
    Logged here = view.isServer() ? client : server;
    Logged taken = view.isServer() ? server : client;
    if (taken != null || !isSameTime(here, view)) {
      return false;
    }
    put(view);
    return true;
  }

  private static boolean isSameTime(Logged one, Logged other) {
    if (one.duration() == 0 || other.duration() == 0) {
      return Math.abs(one.start() - other.start()) < APART;
    }
    return one.start() <= other.end() && other.start() <= one.end();
  }

  /** When the first view that came began. */
  long start() {
    return start;
  }

  String key() {
    return (client != null ? client : server).flowAndPosition();
  }

  /** The client's before the server's. */
  List<Logged> all() {
    List<Logged> all = new ArrayList<>(2);
    if (client != null) {
      all.add(client);
    }
    if (server != null) {
      all.add(server);
    }
    return all;
  }
}
