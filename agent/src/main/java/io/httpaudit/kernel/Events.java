package io.httpaudit.kernel;

import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;

/**
 * What the audit thread waits for: its ring at a fill level that the filter thinks worth a wake-up,
 * netlink, and whoever calls {@link #wake}. epoll(7), eventfd(2).
 */
public final class Events implements AutoCloseable {
  /** Bits of what {@link #await} returns. */
  public static final int RING = 1;

  public static final int NETLINK = 2;
  public static final int WOKEN = 4;

  private static final int EPOLL_CTL_ADD = 1;
  private static final int EPOLLIN = 1;
  private static final int EPOLLET = 1 << 31;
  private static final int MOST = 4;

  private final Memory memory = Memory.allocate(4096);
  private final int epoll;
  private final int eventfd;

  public Events() throws KernelException {
    epoll = Libc.check(Libc.epollCreate(), "epoll_create1");
    eventfd = Libc.check(Libc.eventfd(Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK), "eventfd2");
    // What is written to the eventfd, by any thread: constant.
    memory.bytes().putLong(2048, 1);
    add(eventfd, WOKEN, 0);
  }

  /** Edge-triggered: what is not read at once must not end the next wait. */
  public void add(Netlink netlink) throws KernelException {
    add(netlink.fd(), NETLINK, EPOLLET);
  }

  /** Edge-triggered: records come without a wake-up, and must not end each wait at once. */
  public void add(RingBuffer ring) throws KernelException {
    add(ring.fd(), RING, EPOLLET);
  }

  private void add(int fd, int bit, int mode) throws KernelException {
    ByteBuffer bytes = memory.bytes();
    bytes.putInt(1024, EPOLLIN | mode);
    bytes.putLong(1024 + Libc.epollEventData(), bit);
    Libc.check(Libc.epollCtl(epoll, EPOLL_CTL_ADD, fd, memory.address() + 1024), "epoll_ctl");
  }

  /**
   * Waits; the audit thread alone.
   *
   * @return bits of what there is; 0: the time is over
   */
  public int await(int timeoutMillis) {
    int count = Math.min(Libc.epollWait(epoll, memory.address(), MOST, timeoutMillis), MOST);
    if (count < 0 && count != -Errno.EINTR) {
      // Whatever it is that keeps it from waiting must not make it run in circles.
      LockSupport.parkNanos(this, timeoutMillis * 1_000_000L);
    }
    int bits = 0;
    for (int i = 0; i < count; i++) {
      bits |= (int) memory.bytes().getLong(i * Libc.epollEventSize() + Libc.epollEventData());
    }
    if ((bits & WOKEN) != 0) {
      Libc.read(eventfd, memory.address() + 3072, 8);
    }
    return bits;
  }

  /** Ends a wait, or the next one. Any thread. */
  public void wake() {
    Libc.write(eventfd, memory.address() + 2048, 8);
  }

  /**
   * The eventfd stays: a late {@link #wake} must not write to a number that someone else was given
   * since.
   */
  @Override
  public void close() {
    Libc.close(epoll);
  }
}
