package io.httpaudit.kernel;

import java.nio.ByteBuffer;

/**
 * One TCP connection to ourselves over loopback, made natively, so that no hook sees it: its SYN
 * tells how the kernel's clock stands to the JVM's.
 */
public final class OwnConnection implements AutoCloseable {
  private static final int LOOPBACK_BIG_ENDIAN = 0x0100_007f;

  private final int listener;
  private final int port;
  private int client = -1;
  private int clientPort;

  /** A listening socket on a free port of 127.0.0.1. */
  public OwnConnection() throws KernelException {
    listener = stream();
    try {
      Libc.check(withAddress(listener, 0, "bind"), "bind");
      Libc.check(Libc.listen(listener, 1), "listen");
      port = localPort(listener);
    } catch (KernelException e) {
      Libc.close(listener);
      throw e;
    }
  }

  private static int stream() throws KernelException {
    return Libc.check(
        Libc.socket(Libc.AF_INET, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK, 0),
        "socket(AF_INET)");
  }

  /** The SYN leaves, and the handshake is over on loopback, before this returns. */
  public void connect() throws KernelException {
    client = stream();
    int result = withAddress(client, port, "connect");
    if (result != -Errno.EINPROGRESS) {
      Libc.check(result, "connect");
    }
    clientPort = localPort(client);
  }

  private static int withAddress(int fd, int port, String call) {
    CallBuffer buffer = CallBuffer.take();
    try {
      ByteBuffer bytes = buffer.bytes();
      int at = buffer.at(CallBuffer.VALUE);
      bytes.putShort(at, (short) Libc.AF_INET);
      bytes.putShort(at + 2, Short.reverseBytes((short) port));
      bytes.putInt(at + 4, LOOPBACK_BIG_ENDIAN);
      bytes.putLong(at + 8, 0);
      long address = buffer.address(CallBuffer.VALUE);
      return call.equals("bind") ? Libc.bind(fd, address, 16) : Libc.connect(fd, address, 16);
    } finally {
      buffer.give();
    }
  }

  private static int localPort(int fd) throws KernelException {
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.bytes().putInt(buffer.at(CallBuffer.KEY), 16);
      Libc.check(
          Libc.getsockname(fd, buffer.address(CallBuffer.VALUE), buffer.address(CallBuffer.KEY)),
          "getsockname");
      return Short.reverseBytes(buffer.bytes().getShort(buffer.at(CallBuffer.VALUE + 2))) & 0xffff;
    } finally {
      buffer.give();
    }
  }

  public int port() {
    return port;
  }

  public int clientPort() {
    return clientPort;
  }

  @Override
  public void close() {
    Libc.close(listener);
    if (client >= 0) {
      Libc.close(client);
    }
  }
}
