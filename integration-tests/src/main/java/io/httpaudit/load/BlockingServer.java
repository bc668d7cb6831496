package io.httpaudit.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;

/**
 * A thread for each connection, which waits: with sockets or with channels, on platform or on
 * virtual threads.
 */
final class BlockingServer implements Server {
  private static final int BACKLOG = 500;

  private final ServerSocket socket;
  private final ServerSocketChannel channel;
  private final PatternFile file;
  private final ThreadFactory threads;
  private final Set<Wire> open = ConcurrentHashMap.newKeySet();
  private int accepted;

  BlockingServer(boolean channels, boolean virtual, InetAddress bind, PatternFile file)
      throws IOException {
    this.file = file;
    threads = virtual ? Threads.virtual() : Threads.daemons("blocking-server");
    InetSocketAddress address = new InetSocketAddress(bind, 0);
    if (channels) {
      channel = ServerSocketChannel.open().bind(address, BACKLOG);
      socket = null;
    } else {
      channel = null;
      socket = new ServerSocket();
      socket.bind(address, BACKLOG);
    }
    Threads.daemons("blocking-server-accept").newThread(this::acceptAll).start();
  }

  private void acceptAll() {
    try {
      while (true) {
        Wire wire = accept();
        open.add(wire);
        threads.newThread(() -> serve(wire)).start();
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private Wire accept() throws IOException {
    // Most servers of today send at once; some wait for the last segment's acknowledgement.
    boolean noDelay = accepted++ % 8 != 0;
    if (channel != null) {
      SocketChannel accepted = channel.accept();
      accepted.setOption(StandardSocketOptions.TCP_NODELAY, noDelay);
      return ChannelWire.blocking(accepted);
    }
    Socket accepted = socket.accept();
    accepted.setTcpNoDelay(noDelay);
    return new SocketWire(accepted);
  }

  private void serve(Wire wire) {
    try {
      converse(wire);
    } catch (IOException e) {
      // The peer has reset the connection: some of the load's shapes do.
    } finally {
      open.remove(wire);
      try {
        wire.close();
      } catch (IOException e) {
        // Closed all the same.
      }
    }
  }

  private void converse(Wire wire) throws IOException {
    Conversation conversation = new Conversation();
    ByteBuffer in = ByteBuffer.allocate(16 * 1024);
    while (true) {
      Step step = conversation.next();
      if (step == Step.READ) {
        if (wire.read(in.clear()) < 0) {
          conversation.ended();
        } else {
          conversation.received(in.flip());
        }
      } else if (step instanceof Step.Write write) {
        wire.write(write.array());
      } else if (step instanceof Step.SendFile send) {
        wire.send(file.channel(), send.position(), send.length());
      } else if (step instanceof Step.Pause pause) {
        pause(pause.millis());
      } else if (step == Step.FIN) {
        wire.shutdownOutput();
      } else if (step == Step.RESET) {
        wire.reset();
        return;
      } else {
        return;
      }
    }
  }

  private static void pause(int millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Override
  public int port() {
    return channel != null ? channel.socket().getLocalPort() : socket.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    } else {
      socket.close();
    }
    for (Wire wire : open) {
      wire.close();
    }
  }
}
