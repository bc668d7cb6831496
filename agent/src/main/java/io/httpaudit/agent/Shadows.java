package io.httpaudit.agent;

import io.httpaudit.capture.Admission;
import io.httpaudit.capture.UnhookedConnection;
import io.httpaudit.correlate.Correlator;
import io.httpaudit.observe.Observer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntPredicate;

/**
 * Connections of this process that no hook saw: made by native code, inherited, or older than the
 * agent. They are looked for every few seconds, since a look lists all connections of the network
 * namespace; one that lives shorter is missed. The audit thread alone.
 */
final class Shadows {
  private static final long INTERVAL = 5_000_000_000L;

  /** A look may take a two-hundredth of the time. */
  private static final int SHARE = 200;

  private final Function<IntPredicate, Optional<List<UnhookedConnection>>> unhooked;
  private final Admission admission;
  private final Observer observer;
  private final Correlator correlator;

  /** Inodes seen once: a hook may be about to tell of them. */
  private Set<Long> suspects = new HashSet<>();

  /** Connection numbers by inode. */
  private final Map<Long, Long> told = new HashMap<>();

  private long next;

  /**
   * Whether the classes that a look needs are loaded: how long the first one takes says nothing.
   */
  private boolean warm;

  /**
   * @param unhooked looks, given whether hooks know a file descriptor; empty: it can't be told now
   */
  Shadows(
      Function<IntPredicate, Optional<List<UnhookedConnection>>> unhooked,
      Admission admission,
      Observer observer,
      Correlator correlator,
      long now) {
    this.unhooked = unhooked;
    this.admission = admission;
    this.observer = observer;
    this.correlator = correlator;
    next = now + INTERVAL / 5;
  }

  void look(long now) {
    if (now < next) {
      return;
    }
    Optional<List<UnhookedConnection>> look = unhooked.apply(observer::knows);
    if (look.isEmpty()) {
      // No file descriptor was free, perhaps. What is not seen now is not gone.
      next = now + INTERVAL;
      return;
    }
    List<UnhookedConnection> found = look.get();
    long took = warm ? System.nanoTime() - now : 0;
    warm = true;
    // The second sight of a new one need not wait so long.
    boolean fresh =
        found.stream().anyMatch(c -> !told.containsKey(c.inode()) && !suspects.contains(c.inode()));
    next = now + Math.max(fresh ? INTERVAL / 5 : INTERVAL, took * SHARE);
    Set<Long> present = new HashSet<>();
    for (UnhookedConnection connection : found) {
      present.add(connection.inode());
      if (suspects.contains(connection.inode()) && !told.containsKey(connection.inode())) {
        tell(connection, now);
      }
    }
    told.entrySet().removeIf(one -> isGone(one.getKey(), one.getValue(), present, now));
    suspects = present;
  }

  private void tell(UnhookedConnection connection, long now) {
    long number = observer.nextNumber();
    told.put(connection.inode(), number);
    admission.connecting(connection.peer());
    long flow = admission.admit(connection.local(), connection.peer(), connection.side(), number);
    correlator.wireOnly(
        number, connection.side(), connection.local(), connection.peer(), flow, now);
  }

  private boolean isGone(Long inode, Long number, Set<Long> present, long now) {
    boolean gone = !present.contains(inode);
    if (gone) {
      correlator.wireOnlyGone(number, now);
    }
    return gone;
  }
}
