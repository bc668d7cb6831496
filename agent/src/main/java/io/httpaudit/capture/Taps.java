package io.httpaudit.capture;

import io.httpaudit.kernel.BpfObject;
import io.httpaudit.kernel.Errno;
import io.httpaudit.kernel.KernelException;
import io.httpaudit.kernel.Libc;
import io.httpaudit.kernel.Netlink;
import io.httpaudit.kernel.PacketSocket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The sockets through which the filter sees interfaces. All are opened, with the filter attached,
 * while the right to do so is there; binding one to an interface needs none. Any thread; no lock.
 */
final class Taps {
  private static final Integer BINDING = -1;

  /**
   * What another thread's bind, or the end of one, may take before a caller goes on without it, in
   * nanoseconds.
   */
  private static final long PATIENCE = 200_000_000;

  private static final long CLOSE_MILLIS = 500;

  private final Set<String> wanted;
  private final ConcurrentLinkedQueue<Integer> stock = new ConcurrentLinkedQueue<>();
  private final Map<Integer, Integer> socketOf = new ConcurrentHashMap<>();
  private final AtomicReference<Lent> lent = new AtomicReference<>();
  private volatile long firstAt = Long.MAX_VALUE;
  private volatile String problem = "";

  /** The stock was, once: of more than the first interface without a socket nobody need hear. */
  private volatile boolean usedUp;

  /** A socket that is bound already. */
  private record Lent(int ifindex, int socket) {}

  /**
   * @param wanted names of the interfaces that may be tapped; empty: all
   */
  Taps(Set<String> wanted) {
    this.wanted = wanted;
  }

  /** Opens {@code count} sockets. */
  void fill(BpfObject filter, int count) throws KernelException {
    for (int i = 0; i < count; i++) {
      try {
        stock.add(PacketSocket.open(filter));
      } catch (KernelException e) {
        // A few are as good, should the limit of open files be near.
        if (i < 2) {
          throw e;
        }
        problem = e.getMessage();
        return;
      }
    }
  }

  /**
   * A socket through which the filter sees an interface already, for a purpose that is over. If
   * that interface is to be tapped before {@link #takeBack}, this socket is its tap: a second one
   * would show each packet twice.
   */
  void lend(int ifindex, int socket) {
    lent.set(new Lent(ifindex, socket));
  }

  /**
   * The purpose is over, for good: a socket that became no tap is closed. That takes the kernel
   * some 10 ms.
   */
  void takeBack() {
    Lent unused = lent.getAndSet(null);
    if (unused != null) {
      // While it closes it still sees packets: nobody binds another meanwhile.
      boolean held = socketOf.putIfAbsent(unused.ifindex(), BINDING) == null;
      Libc.close(unused.socket());
      if (held) {
        socketOf.remove(unused.ifindex(), BINDING);
      }
    }
  }

  private int lent(int ifindex) {
    Lent now = lent.get();
    return now != null && now.ifindex() == ifindex && lent.compareAndSet(now, null)
        ? now.socket()
        : -1;
  }

  /**
   * After this the filter sees the interface's packets, unless it is not wanted, gone, or the stock
   * is used up.
   */
  void tap(Netlink.Link link) {
    if (!wanted.isEmpty() && !wanted.contains(link.name())) {
      return;
    }
    long start = System.nanoTime();
    Integer socket;
    while ((socket = socketOf.putIfAbsent(link.index(), BINDING)) != null) {
      if (!socket.equals(BINDING) || System.nanoTime() - start > PATIENCE) {
        return;
      }
      Thread.yield();
    }
    bind(link);
  }

  private void bind(Netlink.Link link) {
    int bound = lent(link.index());
    if (bound >= 0) {
      tapped(link, bound);
      return;
    }
    Integer socket = stock.poll();
    if (socket == null) {
      if (!usedUp) {
        usedUp = true;
        problem =
            "no socket left for the interface "
                + link.name()
                + ", nor for any other: what goes that way is app_only;"
                + " the setting interfaces may name those that matter";
      }
      socketOf.remove(link.index());
      return;
    }
    try {
      PacketSocket.bind(socket, link.index(), link.loopback());
      tapped(link, socket);
    } catch (KernelException e) {
      failed(e);
    } finally {
      // Whatever happened: nobody waits for a bind that is over.
      if (socketOf.remove(link.index(), BINDING)) {
        stock.add(socket);
      }
    }
  }

  private void tapped(Netlink.Link link, int socket) {
    socketOf.put(link.index(), socket);
    if (firstAt == Long.MAX_VALUE) {
      firstAt = System.nanoTime();
    }
  }

  boolean isTapped(int ifindex) {
    Integer socket = socketOf.get(ifindex);
    return socket != null && !socket.equals(BINDING);
  }

  boolean isWanted(String name) {
    return wanted.isEmpty() || wanted.contains(name);
  }

  /**
   * After a change of links: sockets of links that are gone go back to the stock; the others are
   * bound again, which does nothing unless the link was replaced by another of the same index.
   */
  void follow(Interfaces interfaces) {
    for (Map.Entry<Integer, Integer> tap : socketOf.entrySet()) {
      Integer socket = tap.getValue();
      if (socket.equals(BINDING)) {
        continue;
      }
      Netlink.Link link = interfaces.link(tap.getKey());
      if (link == null) {
        if (socketOf.remove(tap.getKey(), socket)) {
          stock.add(socket);
        }
        continue;
      }
      try {
        PacketSocket.bind(socket, link.index(), link.loopback());
      } catch (KernelException e) {
        failed(e);
      }
    }
  }

  /** Of an interface that went just now nothing is lost. */
  private void failed(KernelException e) {
    if (e.errno() != Errno.ENODEV) {
      problem = e.getMessage();
    }
  }

  /** Indices of the tapped interfaces, ascending. */
  List<Integer> tapped() {
    List<Integer> indices = new ArrayList<>();
    for (Integer index : socketOf.keySet()) {
      if (isTapped(index)) {
        indices.add(index);
      }
    }
    Collections.sort(indices);
    return indices;
  }

  /** nanoTime; {@link Long#MAX_VALUE}: none was bound yet. */
  long firstAt() {
    return firstAt;
  }

  /** What went wrong last; empty: nothing. */
  String problem() {
    return problem;
  }

  /**
   * Closes all. Each waits for a grace period of the kernel's RCU, some 10 ms, but side by side
   * they share one.
   */
  void close() {
    List<Integer> sockets = new ArrayList<>();
    Lent unused = lent.getAndSet(null);
    if (unused != null) {
      sockets.add(unused.socket());
    }
    for (Integer socket = stock.poll(); socket != null; socket = stock.poll()) {
      sockets.add(socket);
    }
    for (Integer index : socketOf.keySet()) {
      Integer socket = socketOf.remove(index);
      if (socket != null && !socket.equals(BINDING)) {
        sockets.add(socket);
      }
    }
    List<Thread> closers = new ArrayList<>();
    for (Integer socket : sockets) {
      Thread closer = new Thread(null, new Closer(socket), "httpaudit-close", 0, false);
      closer.setDaemon(true);
      try {
        closer.start();
        closers.add(closer);
      } catch (OutOfMemoryError e) {
        // No thread more for this process: one after the other.
        Libc.close(socket);
      }
    }
    try {
      for (Thread closer : closers) {
        closer.join(CLOSE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private record Closer(int socket) implements Runnable {
    @Override
    public void run() {
      Libc.close(socket);
    }
  }
}
