package java.lang;

import java.io.FileDescriptor;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import jdk.internal.access.JavaIOFileDescriptorAccess;
import jdk.internal.access.SharedSecrets;
import jdk.internal.misc.Unsafe;
import jdk.internal.misc.VM;
import sun.nio.ch.DirectBuffer;
import sun.nio.ch.Net;
import sun.nio.ch.SelChImpl;
import sun.nio.cs.ISO_8859_1;

/**
 * What hooks in the JDK's own classes, and in libraries', call. Defined into java.base, so that
 * every class loader finds it, without a bootstrap path (which would end class-data sharing, and
 * say so on stderr).
 *
 * <p>No method throws, blocks, prints or allocates on a byte's path. Nothing here may compile to
 * invokedynamic: no lambda, no string concatenation.
 */
public final class HttpAudit {
  /** Shutdown's slots below are the JDK's own: console, application hooks, delete-on-exit. */
  private static final int SHUTDOWN_SLOT = 7;

  private static final Unsafe UNSAFE = Unsafe.getUnsafe();
  private static final long BYTES = byteArrayBase();
  private static final JavaIOFileDescriptorAccess DESCRIPTORS =
      SharedSecrets.getJavaIOFileDescriptorAccess();

  /** A thread's context. Not asked of a thread that has no such variables: that would allocate. */
  private static final ThreadLocal<HttpAuditContext> CURRENT = new ThreadLocal<>();

  /** Stands for no context, where null means that nothing was changed. */
  private static final Object NOTHING = new Object();

  private static final HttpAuditTasks TASKS = new HttpAuditTasks();
  private static final HttpAuditTaskKinds KINDS = new HttpAuditTaskKinds();

  private static volatile HttpAuditSink sink;

  /** By the number that is woven into the methods that call them. Copied to be changed. */
  private static volatile HttpAuditProbe[] probes = {};

  /** The JDK's asynchronous channel, which shows its descriptor to nobody, and where it has it. */
  private static volatile Class<?> asynchronous;

  private static long asynchronousOffset;

  private static volatile long faults;
  private static volatile boolean failed;

  private HttpAudit() {}

  /**
   * By reflection: the constant is an int on JDK 17, a long on 25, and a class linked with the one
   * fails with the other.
   */
  private static long byteArrayBase() {
    try {
      return ((Number) Unsafe.class.getField("ARRAY_BYTE_BASE_OFFSET").get(null)).longValue();
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage());
    }
  }

  /** Starts, or with null ends, the calls. */
  public static void connect(HttpAuditSink to) {
    sink = to;
  }

  /** Hooks that failed: about so many, since their threads may count at once. */
  public static long faults() {
    return faults;
  }

  /** Counts a failure that its finder has dealt with. */
  public static void countFault() {
    faults++;
  }

  /**
   * Whether since the last call a hook failed, nobody knows of which connection. It is a store and
   * nothing else: a stack or a heap that is full can't keep it from being told.
   */
  public static boolean takeFailed() {
    if (!failed) {
      return false;
    }
    failed = false;
    return true;
  }

  /** Copies native memory; the caller has the length from the call that moved it. */
  public static void copy(long address, byte[] to, int offset, int count) {
    UNSAFE.copyMemory(null, address, to, BYTES + offset, count);
  }

  /** Reads a native long in the machine's byte order. */
  public static long getLong(long address) {
    return UNSAFE.getLong(address);
  }

  /** Runs at the end of the JVM, after the application's own shutdown hooks. */
  public static boolean atShutdown(Runnable last) {
    try {
      Shutdown.add(SHUTDOWN_SLOT, true, last);
      return true;
    } catch (Throwable e) {
      return false;
    }
  }

  /** The JVM's own arguments, {@code -javaagent} among them. */
  public static String[] jvmArguments() {
    return VM.getRuntimeArguments();
  }

  /** Lets a named module call native code without a warning (JEP 472). */
  public static void enableNativeAccess(Module module) {
    module.implAddEnableNativeAccess();
  }

  public static Object beforeWrite(FileDescriptor fd, long address, int length) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        Object connection = to.connection(DESCRIPTORS.get(fd));
        if (connection != null) {
          to.beforeWrite(connection, address, length, 0);
        }
        return connection;
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
    return null;
  }

  public static void afterWrite(
      int n, Object connection, FileDescriptor fd, long address, int length) {
    HttpAuditSink to = sink;
    if (to != null && connection != null) {
      try {
        to.afterWrite(connection, DESCRIPTORS.get(fd), address, 0, n);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static Object beforeWritev(FileDescriptor fd, long address, int vectors) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        Object connection = to.connection(DESCRIPTORS.get(fd));
        if (connection != null) {
          to.beforeWrite(connection, address, 0, vectors);
        }
        return connection;
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
    return null;
  }

  public static void afterWritev(
      long n, Object connection, FileDescriptor fd, long address, int vectors) {
    HttpAuditSink to = sink;
    if (to != null && connection != null) {
      try {
        to.afterWrite(connection, DESCRIPTORS.get(fd), address, vectors, n);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void writeFailed(Throwable cause, Object connection) {
    failed(connection, false, cause);
  }

  /** What the read's end is told of: its number may be another one's by then. */
  public static Object beforeRead(FileDescriptor fd, long address, int length) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        return to.connection(DESCRIPTORS.get(fd));
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
    return null;
  }

  public static void afterRead(
      int n, Object connection, FileDescriptor fd, long address, int length) {
    HttpAuditSink to = sink;
    if (to != null && connection != null) {
      try {
        to.afterRead(connection, DESCRIPTORS.get(fd), address, 0, n);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void afterReadv(
      long n, Object connection, FileDescriptor fd, long address, int vectors) {
    HttpAuditSink to = sink;
    if (to != null && connection != null) {
      try {
        to.afterRead(connection, DESCRIPTORS.get(fd), address, vectors, n);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void readFailed(Throwable cause, Object connection) {
    failed(connection, true, cause);
  }

  private static void failed(Object connection, boolean read, Throwable cause) {
    HttpAuditSink to = sink;
    if (to != null && connection != null) {
      try {
        to.failed(connection, read, cause);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void afterSendfile(long n, FileDescriptor target) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.afterUnseenWrite(DESCRIPTORS.get(target), n);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void afterUrgent(int n, FileDescriptor fd) {
    if (n > 0) {
      afterUrgentByte(fd);
    }
  }

  public static void afterUrgentByte(FileDescriptor fd) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.afterUrgentWrite(DESCRIPTORS.get(fd));
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void beforeConnect(FileDescriptor fd, InetAddress peer, int port) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.beforeConnect(DESCRIPTORS.get(fd), peer, port);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void afterConnect(int result, FileDescriptor fd, InetAddress peer, int port) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        // 1: connected; less: in progress.
        to.afterConnect(DESCRIPTORS.get(fd), localAddress(fd), peer, port, result > 0);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void connectFailed(Throwable cause, FileDescriptor fd, InetAddress peer, int port) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.connectFailed(DESCRIPTORS.get(fd), localAddress(fd), peer, port, cause);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void connectPolled(boolean connected, FileDescriptor fd) {
    if (connected) {
      connectFinished(fd);
    }
  }

  public static void connectFinished(FileDescriptor fd) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.connectFinished(DESCRIPTORS.get(fd), null);
      } catch (Throwable e) {
        faults++;
      }
    }
  }

  public static void connectFinishFailed(Throwable cause, FileDescriptor fd) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.connectFinished(DESCRIPTORS.get(fd), cause);
      } catch (Throwable e) {
        faults++;
      }
    }
  }

  public static void beforeDatagramConnect(FileDescriptor fd) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.beforeDatagramConnect(DESCRIPTORS.get(fd));
      } catch (Throwable e) {
        faults++;
      }
    }
  }

  // ---- sockets of Netty's own, by number

  /** Whether they are followed. */
  private static volatile boolean natives = true;

  /** Follows none of them, from now on. */
  public static void ignoreNatives() {
    natives = false;
  }

  /** Of a descriptor that is no object of the JDK's. Not for a byte's path. */
  private static FileDescriptor descriptor(int fd) {
    FileDescriptor descriptor = new FileDescriptor();
    DESCRIPTORS.set(descriptor, fd);
    return descriptor;
  }

  /** Address of its index 0; 0: it has none. */
  private static long address(ByteBuffer buffer) {
    return buffer instanceof DirectBuffer ? HttpAuditVectors.address(buffer) : 0;
  }

  public static void afterNativeRead(int n, int fd, ByteBuffer buffer, int position) {
    afterNativeRead(n, fd, address(buffer), position);
  }

  public static void afterNativeRead(int n, int fd, long address, int position) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        if (address == 0) {
          to.afterUnseenRead(fd, n);
        } else {
          to.afterRead(to.connection(fd), fd, address + position, 0, n);
        }
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void nativeReadFailed(Throwable cause, int fd) {
    nativeFailed(fd, true, cause);
  }

  public static void nativeWriteFailed(Throwable cause, int fd) {
    nativeFailed(fd, false, cause);
  }

  private static void nativeFailed(int fd, boolean read, Throwable cause) {
    HttpAuditSink to = sink;
    // Of a socket that is closed the number may be another's.
    if (to != null && !(cause instanceof ClosedChannelException)) {
      try {
        to.failed(to.connection(fd), read, cause);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void beforeNativeWrite(int fd, ByteBuffer buffer, int position, int limit) {
    beforeNativeWrite(fd, address(buffer), position, limit);
  }

  public static void beforeNativeWrite(int fd, long address, int position, int limit) {
    HttpAuditSink to = sink;
    if (to != null && address != 0) {
      try {
        to.beforeNativeWrite(to.connection(fd), address + position, limit - position, 0);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void afterNativeWrite(int n, int fd, ByteBuffer buffer, int position, int limit) {
    afterNativeWrite(n, fd, address(buffer), position, limit);
  }

  public static void afterNativeWrite(int n, int fd, long address, int position, int limit) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        if (address == 0) {
          to.afterUnseenWrite(fd, n);
        } else {
          to.afterWrite(to.connection(fd), fd, address + position, 0, n);
        }
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void beforeNativeWritev(int fd, long vectors, int count) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.beforeNativeWrite(to.connection(fd), vectors, 0, count);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void afterNativeWritev(long n, int fd, long vectors, int count) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.afterWrite(to.connection(fd), fd, vectors, count, n);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void beforeNativeWritev(int fd, ByteBuffer[] buffers, int first, int count) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        long vectors = HttpAuditVectors.take();
        try {
          to.beforeNativeWrite(
              to.connection(fd), vectors, 0, HttpAuditVectors.fill(vectors, buffers, first, count));
        } finally {
          HttpAuditVectors.give(vectors);
        }
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void afterNativeWritev(long n, int fd, ByteBuffer[] buffers, int first, int count) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        long vectors = HttpAuditVectors.take();
        try {
          to.afterWrite(
              to.connection(fd),
              fd,
              vectors,
              HttpAuditVectors.fill(vectors, buffers, first, count),
              n);
        } finally {
          HttpAuditVectors.give(vectors);
        }
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void afterNativeSendfile(long n, int fd) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.afterUnseenWrite(fd, n);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  /** {@code from} or {@code target} is a pipe. */
  public static void afterSplice(int n, int from, int target) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.afterUnseenRead(from, n);
        to.afterUnseenWrite(target, n);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void beforeNativeConnect(int fd, SocketAddress peer) {
    HttpAuditSink to = sink;
    if (to != null && natives && peer instanceof InetSocketAddress) {
      try {
        InetSocketAddress remote = (InetSocketAddress) peer;
        if (!remote.isUnresolved()) {
          to.beforeConnect(fd, remote.getAddress(), remote.getPort());
        }
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void afterNativeConnect(boolean connected, int fd, SocketAddress peer) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        if (to.isConnecting(fd)) {
          InetSocketAddress remote = (InetSocketAddress) peer;
          to.afterConnect(
              fd, localAddress(descriptor(fd)), remote.getAddress(), remote.getPort(), connected);
        }
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void nativeConnectFailed(Throwable cause, int fd, SocketAddress peer) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        if (to.isConnecting(fd)) {
          InetSocketAddress remote = (InetSocketAddress) peer;
          to.connectFailed(
              fd, localAddress(descriptor(fd)), remote.getAddress(), remote.getPort(), cause);
        }
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  /** Bytes that went out with the SYN went before there was a connection: it isn't followed. */
  public static void afterNativeSendTo(int n, int fd) {
    HttpAuditSink to = sink;
    if (to != null && n > 0) {
      try {
        if (to.isConnecting(fd)) {
          to.closing(fd);
        }
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void nativeConnectPolled(boolean connected, int fd) {
    if (connected) {
      nativeConnectFinishFailed(null, fd);
    }
  }

  /** Null: it succeeded. */
  public static void nativeConnectFinishFailed(Throwable cause, int fd) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.connectFinished(fd, cause);
      } catch (Throwable e) {
        faults++;
      }
    }
  }

  public static void acceptedNative(int fd, InetSocketAddress peer) {
    HttpAuditSink to = sink;
    if (to != null && natives && peer != null) {
      try {
        to.accepted(fd, Net.localAddress(descriptor(fd)), peer);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void listening(int fd) {
    HttpAuditSink to = sink;
    if (to != null && natives) {
      try {
        to.listening(fd, Net.localAddress(descriptor(fd)));
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void closingNative(int fd) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.closing(fd);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  // ---- by io_uring

  /** Whether such sockets are followed. */
  private static volatile boolean urings = true;

  /** Follows none of them, from now on. */
  public static void ignoreUrings() {
    urings = false;
  }

  public static void beforeUringSend(int fd, long address, int length) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.submitted(fd, address, length, 0);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void beforeUringWritev(int fd, long vectors, int count) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.submitted(fd, vectors, 0, count);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  /** {@code message} is a struct msghdr: msg_iov, and msg_iovlen, are its third and fourth. */
  public static void beforeUringSendmsg(int fd, long message) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.submitted(fd, getLong(message + 16), 0, (int) getLong(message + 24));
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void beforeUringSplice(int target) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.submitted(target, 0, 0, -1);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  /** IORING_CQE_F_NOTIF: of a write that was completed before, memory is free again. */
  private static final int NOTIFIED = 8;

  public static void uringWritten(int result, int flags, int fd) {
    HttpAuditSink to = sink;
    if (to != null && (flags & NOTIFIED) == 0) {
      try {
        to.completed(fd, result);
        if (result < 0) {
          uringFailed(to, fd, false, result);
        }
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void afterUringRead(int count, int from, long address, int fd) {
    HttpAuditSink to = sink;
    if (to != null && count > 0) {
      try {
        to.afterRead(to.connection(fd), fd, address + from, 0, count);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void uringReadEnded(int result, int fd) {
    HttpAuditSink to = sink;
    if (to != null && result <= 0) {
      try {
        if (result == 0) {
          to.afterRead(to.connection(fd), fd, 0, 0, -1);
        } else {
          uringFailed(to, fd, true, result);
        }
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  // Linux's errno(3), negated.
  private static final int PIPE = -32;
  private static final int RESET = -104;
  private static final int TIMED_OUT = -110;
  private static final int REFUSED = -111;
  private static final int ALREADY = -114;
  private static final int IN_PROGRESS = -115;
  private static final int CANCELED = -125;

  /** Others are the ring's own affair, or tried again. */
  private static void uringFailed(HttpAuditSink to, int fd, boolean read, int error) {
    if (error == RESET || error == PIPE || error == TIMED_OUT) {
      to.failed(to.connection(fd), read, cause(error));
    }
  }

  private static IOException cause(int error) {
    switch (error) {
      case RESET:
      case PIPE:
        return new IOException("Connection reset");
      case TIMED_OUT:
        return new IOException("Connection timed out");
      case REFUSED:
        return new ConnectException("Connection refused");
      default:
        return new IOException();
    }
  }

  public static void beforeUringConnect(int fd, InetSocketAddress peer) {
    if (urings) {
      beforeNativeConnect(fd, peer);
    }
  }

  public static void uringConnected(int result, int fd) {
    HttpAuditSink to = sink;
    if (to != null && result != CANCELED && result != IN_PROGRESS && result != ALREADY) {
      try {
        if (to.isConnecting(fd)) {
          to.connectAnswered(fd, localAddress(descriptor(fd)), result == 0 ? null : cause(result));
        }
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void acceptedUring(int fd, SocketAddress peer) {
    if (urings && peer instanceof InetSocketAddress) {
      acceptedNative(fd, (InetSocketAddress) peer);
    }
  }

  // ---- contexts

  /** The calling thread's context, or null. Never throws; allocates once a thread at the most. */
  public static HttpAuditContext current() {
    // ThreadLocal.isPresent is gone in JDK 25.
    return CURRENT.getMap(Thread.currentThread()) == null ? null : CURRENT.get();
  }

  /**
   * Makes {@code next}, which may be null, the calling thread's context.
   *
   * @return for {@link #restore}; null: nothing was changed
   */
  public static Object replace(HttpAuditContext next) {
    HttpAuditContext before = current();
    if (before == next) {
      return null;
    }
    CURRENT.set(next);
    return before == null ? NOTHING : before;
  }

  /**
   * As {@link #replace}, never null: behind what runs in between, {@link #restore} finds whatever
   * that has left, which may be wrong where a stack was full.
   */
  private static Object exchange(HttpAuditContext next) {
    HttpAuditContext before = current();
    if (before != next) {
      CURRENT.set(next);
    }
    return before == null ? NOTHING : before;
  }

  /** Undoes a {@link #replace} of this thread, or one of a task's. */
  public static void restore(Object replaced) {
    if (replaced != null) {
      try {
        Object what =
            replaced instanceof HttpAuditTaskKinds.Running
                ? KINDS.ends((HttpAuditTaskKinds.Running) replaced)
                : replaced;
        HttpAuditContext before = what == NOTHING ? null : (HttpAuditContext) what;
        if (current() != before) {
          CURRENT.set(before);
        }
      } catch (Throwable e) {
        faults++;
      }
    }
  }

  /** {@code task} is about to be given to another thread, perhaps: it has the context of this. */
  public static void submitted(Object task) {
    try {
      HttpAuditContext context = current();
      if (context == null) {
        if (!TASKS.isEmpty() && task != null) {
          TASKS.doubt(task);
        }
      } else if (!isFiredByItself(task)) {
        if (KINDS.carries(task, context)) {
          TASKS.put(task, context);
        } else {
          TASKS.doubt(task);
        }
      }
    } catch (Throwable e) {
      faults++;
    }
  }

  /**
   * As {@link #submitted}, of a task that is not given away twice before it has run: who has no
   * context, like a timer that passes it on, leaves it the one that it has.
   */
  public static void forked(Object task) {
    try {
      HttpAuditContext context = current();
      if (context != null && !isFiredByItself(task) && KINDS.carries(task, context)) {
        TASKS.put(task, context);
      }
    } catch (Throwable e) {
      faults++;
    }
  }

  /** As {@link #forked}, of what is its submitter's whatever its class. */
  public static void registered(Object task) {
    try {
      HttpAuditContext context = current();
      if (context != null) {
        TASKS.put(task, context);
      }
    } catch (Throwable e) {
      faults++;
    }
  }

  /** {@code thread} is started, in order to run a task in the context of this: {@link #begins}. */
  public static void started(Object thread) {
    try {
      HttpAuditContext context = current();
      if (context != null) {
        TASKS.put(thread, KINDS.starts(context));
      }
    } catch (Throwable e) {
      faults++;
    }
  }

  /** {@code subscriber} waits, in the context of this, for signals: each {@link #resumes} it. */
  public static void subscribed(Object subscriber) {
    try {
      HttpAuditContext context = current();
      if (context != null) {
        TASKS.keep(subscriber, context);
      } else if (!TASKS.isEmpty()) {
        TASKS.doubt(subscriber);
      }
    } catch (Throwable e) {
      faults++;
    }
  }

  /**
   * A {@code CompletableFuture}'s functions have the context of their registration, whoever passes
   * them on: {@link #fires}. Null has none either.
   */
  private static boolean isFiredByItself(Object task) {
    return task == null || task instanceof CompletableFuture.AsynchronousCompletionTask;
  }

  /**
   * {@code task} is about to run on this thread, in the context that it was submitted in, or in
   * none.
   *
   * @param task null: what follows has no context
   * @return for {@link #restore}
   */
  public static Object runs(Object task) {
    try {
      HttpAuditContext context = TASKS.isEmpty() || isFiredByItself(task) ? null : TASKS.take(task);
      Object replaced = exchange(context);
      return context == null ? replaced : KINDS.begins(task, context, replaced);
    } catch (Throwable e) {
      return runsWithout();
    }
  }

  /** As {@link #runs}, of what a {@code CompletableFuture} begins with. */
  public static Object runsItself(Object task) {
    try {
      return exchange(TASKS.isEmpty() ? null : TASKS.take(task));
    } catch (Throwable e) {
      return runsWithout();
    }
  }

  /** Not even that works with a stack that is full; then nothing does. */
  private static Object runsWithout() {
    faults++;
    try {
      return exchange(null);
    } catch (Throwable e) {
      return null;
    }
  }

  /** As {@link #runs}, of what is perhaps not yet to run, so keeps its context until then. */
  public static Object fires(Object completion) {
    try {
      return exchange(TASKS.isEmpty() ? null : TASKS.peek(completion));
    } catch (Throwable e) {
      return runsWithout();
    }
  }

  /** {@code subscriber} is about to be told a signal, in its context, or in none. */
  public static Object resumes(Object subscriber) {
    return fires(subscriber);
  }

  /**
   * Behind {@link #fires}.
   *
   * @param target null: it has run, or never will
   */
  public static void fired(Object replaced, Object completion, Object target) {
    restore(replaced);
    if (target == null && !TASKS.isEmpty()) {
      try {
        TASKS.take(completion);
      } catch (Throwable e) {
        faults++;
      }
    }
  }

  /** {@code thread}, which is this one, begins, in order to run {@code task}. */
  public static void begins(Object thread, Object task) {
    if (!TASKS.isEmpty()) {
      try {
        HttpAuditContext context = KINDS.begun(TASKS.remove(thread), task);
        if (context != null) {
          CURRENT.set(context);
        }
      } catch (Throwable e) {
        faults++;
      }
    }
  }

  /** Forgets the tasks that were collected unrun. Now and then, on a thread of ours. */
  public static void sweepTasks() {
    if (!TASKS.isEmpty()) {
      TASKS.sweep();
    }
  }

  /** About so many tasks wait in a context. */
  public static long waitingTasks() {
    return TASKS.size();
  }

  /** Returns the number under which woven methods call it. */
  public static synchronized int add(HttpAuditProbe probe) {
    HttpAuditProbe[] all = Arrays.copyOf(probes, probes.length + 1);
    all[all.length - 1] = probe;
    probes = all;
    return all.length - 1;
  }

  /** At the entry of a method of a library. */
  public static Object enter(int probe, Object self, Object one, Object two) {
    if (sink != null) {
      try {
        return probes[probe].enter(self, one, two);
      } catch (Throwable e) {
        faults++;
      }
    }
    return null;
  }

  /** Likewise, of two that are arrays: which part of each. */
  public static Object enter(
      int probe, Object self, Object one, Object two, int partOne, int partTwo) {
    if (sink != null) {
      try {
        return probes[probe].enter(self, one, two, partOne, partTwo);
      } catch (Throwable e) {
        faults++;
      }
    }
    return null;
  }

  /**
   * Who gets a call with one argument.
   *
   * @param receiver who would, and does if nothing is known against it
   */
  public static Object receiver(Object receiver, Object argument, int probe) {
    Object other = enter(probe, receiver, argument, null);
    return other == null ? receiver : other;
  }

  /** What a method of a library is to have as its argument, in place of {@code argument}. */
  public static Object instead(int probe, Object self, Object argument) {
    Object other = enter(probe, self, argument, null);
    return other == null ? argument : other;
  }

  /** It returned nothing, or a primitive. */
  public static void left(int probe, Object entered, Object self, Object one) {
    leave(probe, entered, self, one, null, null);
  }

  public static void returned(int probe, Object result, Object entered, Object self, Object one) {
    leave(probe, entered, self, one, result, null);
  }

  public static void thrown(int probe, Throwable e, Object entered, Object self, Object one) {
    leave(probe, entered, self, one, null, e);
  }

  private static void leave(
      int probe, Object entered, Object self, Object one, Object result, Throwable thrown) {
    try {
      probes[probe].leave(entered, self, one, result, thrown);
    } catch (Throwable e) {
      faults++;
    }
  }

  /** ISO 8859-1 as a string, without a copy where the JVM has such: nobody may change it then. */
  public static String text(byte[] latin1) {
    return String.COMPACT_STRINGS
        ? new String(latin1, String.LATIN1)
        : new String(latin1, ISO_8859_1.INSTANCE);
  }

  /** Opens a class's package to a module, for reflection. */
  public static void open(Class<?> type, Module to) {
    type.getModule().implAddOpens(type.getPackageName(), to);
  }

  /** The number of a channel's descriptor; -1: it is no channel of the JDK's own, or null. */
  public static int descriptor(Object channel) {
    return channel instanceof SelChImpl
        ? ((SelChImpl) channel).getFDVal()
        : channel instanceof AsynchronousSocketChannel ? asynchronousDescriptor(channel) : -1;
  }

  private static int asynchronousDescriptor(Object channel) {
    Class<?> type = channel.getClass();
    if (type != asynchronous) {
      if (!type.getName().equals("sun.nio.ch.UnixAsynchronousSocketChannelImpl")) {
        return -1;
      }
      asynchronousOffset = UNSAFE.objectFieldOffset(type.getSuperclass(), "fd");
      asynchronous = type;
    }
    return DESCRIPTORS.get((FileDescriptor) UNSAFE.getReference(channel, asynchronousOffset));
  }

  private static InetSocketAddress localAddress(FileDescriptor fd) {
    try {
      return Net.localAddress(fd);
    } catch (IOException e) {
      return null;
    }
  }

  /** {@code peer} is null or of another family where the channel isn't TCP. */
  public static void acceptedChannel(FileDescriptor fd, Object peer) {
    HttpAuditSink to = sink;
    if (to != null && peer instanceof InetSocketAddress) {
      try {
        to.accepted(DESCRIPTORS.get(fd), Net.localAddress(fd), (InetSocketAddress) peer);
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void acceptedSocket(FileDescriptor fd, InetAddress peer, int port) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.accepted(DESCRIPTORS.get(fd), Net.localAddress(fd), new InetSocketAddress(peer, port));
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void listening(FileDescriptor fd) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.listening(DESCRIPTORS.get(fd), Net.localAddress(fd));
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }

  public static void closing(FileDescriptor fd) {
    HttpAuditSink to = sink;
    if (to != null) {
      try {
        to.closing(DESCRIPTORS.get(fd));
      } catch (Throwable e) {
        faults++;
        failed = true;
      }
    }
  }
}
