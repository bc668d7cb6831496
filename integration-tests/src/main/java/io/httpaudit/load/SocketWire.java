package io.httpaudit.load;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A {@link Socket} and its streams. */
final class SocketWire implements Wire {
  private final Socket socket;
  private final byte[] piece = new byte[8192];

  SocketWire(Socket socket) {
    this.socket = socket;
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    if (to.hasArray()) {
      int n =
          socket
              .getInputStream()
              .read(to.array(), to.arrayOffset() + to.position(), to.remaining());
      to.position(to.position() + Math.max(0, n));
      return n;
    }
    int n = socket.getInputStream().read(piece, 0, Math.min(piece.length, to.remaining()));
    to.put(piece, 0, Math.max(0, n));
    return n;
  }

  @Override
  public void write(ByteBuffer... buffers) throws IOException {
    for (ByteBuffer buffer : buffers) {
      byte[] bytes = new byte[buffer.remaining()];
      buffer.get(bytes);
      socket.getOutputStream().write(bytes);
    }
  }

  @Override
  public void send(FileChannel file, long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining() && file.read(bytes, position + bytes.position()) >= 0) {}
    write(bytes.flip());
  }

  @Override
  public void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  @Override
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public boolean canReset() {
    return true;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
