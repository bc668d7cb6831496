package io.httpaudit.capture;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.kernel.Errno;
import io.httpaudit.kernel.Netlink;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Where this JVM listens, and what the kernel's map {@code listening} says of it: one entry for
 * each local (address, port) to which a SYN may come. Any thread. The lock is held over calls that
 * do not wait.
 */
final class Listeners {
  private static final long V4_MAPPED = 0xffff_0000_0000L;

  /** Adds an entry to the kernel's map, or takes it away. */
  interface Entries {
    /** Whether the kernel took it: 0, or minus errno. */
    int put(Endpoint entry);

    void remove(Endpoint entry);
  }

  private final Entries entries;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Endpoint, Integer> listeners = new HashMap<>();
  private final Set<Endpoint> installed = new HashSet<>();
  private volatile boolean full;

  Listeners(Entries entries) {
    this.entries = entries;
  }

  void add(Endpoint local, Interfaces interfaces) {
    lock.lock();
    try {
      Integer count = listeners.get(local);
      listeners.put(local, count == null ? 1 : count + 1);
      if (count == null) {
        follow(interfaces, local.port());
      }
    } finally {
      lock.unlock();
    }
  }

  void remove(Endpoint local, Interfaces interfaces) {
    lock.lock();
    try {
      Integer count = listeners.get(local);
      if (count == null) {
        return;
      }
      if (count > 1) {
        listeners.put(local, count - 1);
        return;
      }
      listeners.remove(local);
      follow(interfaces, local.port());
    } finally {
      lock.unlock();
    }
  }

  /** Addresses have changed. */
  void follow(Interfaces interfaces) {
    lock.lock();
    try {
      follow(interfaces, -1);
    } finally {
      lock.unlock();
    }
  }

  private void follow(Interfaces interfaces, int port) {
    Set<Endpoint> due = new HashSet<>();
    for (Endpoint local : listeners.keySet()) {
      if (port < 0 || local.port() == port) {
        cover(local, interfaces, due);
      }
    }
    for (Iterator<Endpoint> i = installed.iterator(); i.hasNext(); ) {
      Endpoint entry = i.next();
      if ((port < 0 || entry.port() == port) && !due.contains(entry)) {
        entries.remove(entry);
        i.remove();
      }
    }
    for (Endpoint entry : due) {
      if (!installed.contains(entry)) {
        int result = entries.put(entry);
        if (result == 0) {
          installed.add(entry);
        } else if (result == -Errno.E2BIG) {
          refused();
        }
      }
    }
  }

  /**
   * A wildcard of either family may mean both (the JDK names its dual-stack sockets 0.0.0.0). An
   * entry too many makes a candidate of a SYN that is refused, which nobody will look up.
   */
  private static void cover(Endpoint local, Interfaces interfaces, Set<Endpoint> due) {
    if (!local.isWildcard()) {
      due.add(local);
      return;
    }
    due.add(new Endpoint(0, V4_MAPPED, local.port()));
    for (Netlink.Address address : interfaces.addresses()) {
      due.add(new Endpoint(address.high(), address.low(), local.port()));
    }
  }

  /** Interfaces by which connections to these listeners may come. */
  void tap(Interfaces interfaces, Taps taps) {
    Endpoint[] all;
    lock.lock();
    try {
      all = listeners.keySet().toArray(new Endpoint[0]);
    } finally {
      lock.unlock();
    }
    for (Endpoint local : all) {
      tap(local, interfaces, taps);
    }
  }

  static void tap(Endpoint local, Interfaces interfaces, Taps taps) {
    int holder = local.isWildcard() ? 0 : interfaces.holding(local);
    for (Netlink.Link link : interfaces.links()) {
      boolean reaches =
          local.isWildcard()
              ? link.up() && interfaces.hasAddress(link.index())
              : link.index() == holder;
      // To an own address a connection from this host goes over loopback.
      if (reaches || link.loopback()) {
        taps.tap(link);
      }
    }
  }

  /** The kernel had no room for an entry. Any thread. */
  void refused() {
    full = true;
  }

  /** An entry found no room: connections to some listener make no candidates. */
  boolean full() {
    return full;
  }
}
