package java.lang;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * What {@link HttpAudit} hands the hooks' calls to; the agent implements it. A file descriptor is
 * its number. Called on the application's threads, within the JDK's own locks: one direction of a
 * socket is never in two calls at once, its two directions may be, and a socket may be closed while
 * it is: so what a call begins with is what it ends with, a connection, not its number. What a
 * method throws is caught and counted by {@link HttpAudit}.
 */
public abstract class HttpAuditSink {
  protected HttpAuditSink() {}

  /** The connection that this descriptor is now; null: it is none that is followed. */
  public abstract Object connection(int fd);

  /**
   * Before a write. The connection's end is not told before {@link #afterWrite} or {@link #failed}.
   *
   * @param address of the bytes, or of {@code vectors} pairs {base, length} of 8 bytes each
   * @param length of the bytes, where {@code vectors} is 0
   */
  public abstract void beforeWrite(Object connection, long address, int length, int vectors);

  /**
   * Likewise of Netty's own, of which the end may be told meanwhile. {@code connection} or null.
   */
  public abstract void beforeNativeWrite(Object connection, long address, int length, int vectors);

  /**
   * After a write that moved {@code n} bytes; negative: the JDK's IOStatus, nothing was moved.
   *
   * @param connection or null
   * @param fd its descriptor, if that is still its
   */
  public abstract void afterWrite(Object connection, int fd, long address, int vectors, long n);

  /**
   * Before a write is given to the kernel, which does it while nobody waits: one at a time.
   *
   * @param address as of {@link #beforeWrite}; the bytes stay until {@link #completed}, the pairs
   *     don't
   * @param vectors negative: nobody sees its bytes
   */
  public abstract void submitted(int fd, long address, int length, int vectors);

  /** It moved {@code n} bytes; not positive: none. Before their memory is anybody else's. */
  public abstract void completed(int fd, long n);

  /**
   * After a read of {@code n} bytes; -1: end of stream; less: nothing was moved.
   *
   * @param connection or null
   * @param fd its descriptor, if that is still its
   */
  public abstract void afterRead(Object connection, int fd, long address, int vectors, long n);

  /** After {@code n} bytes went out that no hook saw: sendfile. */
  public abstract void afterUnseenWrite(int fd, long n);

  /** After an urgent byte went out: one of the stream's, but of none of its messages. */
  public abstract void afterUrgentWrite(int fd);

  /** After {@code n} bytes came in that no hook could see: splice. */
  public abstract void afterUnseenRead(int fd, long n);

  /** A read, or a write, threw. {@code connection} or null. */
  public abstract void failed(Object connection, boolean read, Throwable cause);

  /** Before connect(2). */
  public abstract void beforeConnect(int fd, InetAddress peer, int port);

  /**
   * After connect(2) that succeeded or, if not {@code connected}, goes on; {@code local} null:
   * unknown.
   */
  public abstract void afterConnect(
      int fd, InetSocketAddress local, InetAddress peer, int port, boolean connected);

  /** Whether {@link #beforeConnect} told of it, and nothing since. */
  public abstract boolean isConnecting(int fd);

  /** The kernel has done, or not, the connect of which {@link #beforeConnect} told. */
  public abstract void connectAnswered(int fd, InetSocketAddress local, Throwable failure);

  /**
   * A connect that was in progress succeeded ({@code failure} null) or failed; before the socket is
   * closed.
   */
  public abstract void connectFinished(int fd, Throwable failure);

  /** The next connect(2) of this descriptor is a datagram socket's. */
  public abstract void beforeDatagramConnect(int fd);

  /** connect(2) failed; {@code local} null: unknown. */
  public abstract void connectFailed(
      int fd, InetSocketAddress local, InetAddress peer, int port, Throwable cause);

  /** After accept(2). */
  public abstract void accepted(int fd, InetSocketAddress local, InetSocketAddress peer);

  /** After listen(2). */
  public abstract void listening(int fd, InetSocketAddress local);

  /** Before the socket ends: its number may be another's as soon as this returns. */
  public abstract void closing(int fd);
}
