package io.httpaudit.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Locale;
import java.util.Random;

/** The clients there are. */
enum ClientKind {
  SOCKET,
  CHANNEL,
  SELECTOR,
  AIO,
  VIRTUAL,
  URL,
  HTTP;

  /** Whether it writes and reads a socket itself. */
  boolean raw() {
    return ordinal() < URL.ordinal();
  }

  boolean canReset() {
    return raw() && this != AIO;
  }

  /** A raw client's connection. */
  Wire connect(InetSocketAddress address, Random random) throws IOException {
    boolean noDelay = random.nextInt(8) != 0;
    switch (this) {
      case CHANNEL:
        {
          SocketChannel channel = SocketChannel.open();
          channel.setOption(StandardSocketOptions.TCP_NODELAY, noDelay);
          return ChannelWire.blocking(connected(channel, address));
        }
      case SELECTOR:
        {
          SocketChannel channel = SocketChannel.open();
          channel.setOption(StandardSocketOptions.TCP_NODELAY, noDelay);
          return ChannelWire.connecting(channel, address);
        }
      case AIO:
        {
          AsynchronousSocketChannel channel = AsynchronousSocketChannel.open();
          try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, noDelay);
            AioWire.await(channel.connect(address));
          } catch (IOException e) {
            channel.close();
            throw e;
          }
          return new AioWire(channel);
        }
      default:
        {
          Socket socket = new Socket();
          try {
            socket.setTcpNoDelay(noDelay);
            if (random.nextBoolean()) {
              // With a time limit, the JDK's socket polls, and reads without blocking.
              socket.setSoTimeout(60_000);
              socket.connect(address, 60_000);
            } else {
              socket.connect(address);
            }
          } catch (IOException e) {
            socket.close();
            throw e;
          }
          return new SocketWire(socket);
        }
    }
  }

  private static SocketChannel connected(SocketChannel channel, InetSocketAddress address)
      throws IOException {
    try {
      channel.connect(address);
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
