package io.httpaudit.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * A {@link SocketChannel}: a blocking one, or one that does not block, with a selector of its own.
 */
final class ChannelWire implements Wire {
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;

  private ChannelWire(SocketChannel channel, Selector selector, SelectionKey key) {
    this.channel = channel;
    this.selector = selector;
    this.key = key;
  }

  static ChannelWire blocking(SocketChannel channel) {
    return new ChannelWire(channel, null, null);
  }

  /** Connects without blocking. */
  static ChannelWire connecting(SocketChannel channel, InetSocketAddress address)
      throws IOException {
    channel.configureBlocking(false);
    Selector selector = Selector.open();
    ChannelWire wire = new ChannelWire(channel, selector, channel.register(selector, 0));
    try {
      if (!channel.connect(address)) {
        do {
          wire.await(SelectionKey.OP_CONNECT);
        } while (!channel.finishConnect());
      }
      return wire;
    } catch (IOException e) {
      wire.close();
      throw e;
    }
  }

  private void await(int operation) throws IOException {
    key.interestOps(operation);
    selector.select();
    selector.selectedKeys().clear();
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    int n = channel.read(to);
    while (n == 0 && selector != null && to.hasRemaining()) {
      await(SelectionKey.OP_READ);
      n = channel.read(to);
    }
    return n;
  }

  @Override
  public void write(ByteBuffer... buffers) throws IOException {
    long left = 0;
    for (ByteBuffer buffer : buffers) {
      left += buffer.remaining();
    }
    while (left > 0) {
      long n = buffers.length == 1 ? channel.write(buffers[0]) : channel.write(buffers);
      left -= n;
      if (n == 0) {
        await(SelectionKey.OP_WRITE);
      }
    }
  }

  @Override
  public void send(FileChannel file, long position, int length) throws IOException {
    long done = 0;
    while (done < length) {
      long n = file.transferTo(position + done, length - done, channel);
      done += n;
      if (n == 0) {
        await(SelectionKey.OP_WRITE);
      }
    }
  }

  @Override
  public void shutdownOutput() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public void reset() throws IOException {
    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    close();
  }

  @Override
  public boolean canReset() {
    return true;
  }

  @Override
  public void close() throws IOException {
    channel.close();
    if (selector != null) {
      selector.close();
    }
  }
}
