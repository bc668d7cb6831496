package io.httpaudit.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/** One thread, one selector, all connections. */
final class SelectorServer implements Server {
  private final Selector selector = Selector.open();
  private final ServerSocketChannel listener = ServerSocketChannel.open();
  private final PatternFile file;
  private final ByteBuffer in = ByteBuffer.allocateDirect(16 * 1024);
  private final PriorityQueue<Peer> paused =
      new PriorityQueue<>((a, b) -> Long.signum(a.wakeAt - b.wakeAt));
  private final Thread thread;
  private int accepted;

  SelectorServer(InetAddress bind, PatternFile file) throws IOException {
    this.file = file;
    listener.bind(new InetSocketAddress(bind, 0), 500);
    listener.configureBlocking(false);
    listener.register(selector, SelectionKey.OP_ACCEPT);
    thread = Threads.daemons("selector-server").newThread(this::loop);
    thread.start();
  }

  private void loop() {
    try {
      while (selector.isOpen()) {
        selector.select(timeout());
        if (!selector.isOpen()) {
          return;
        }
        List<SelectionKey> ready = new ArrayList<>(selector.selectedKeys());
        selector.selectedKeys().clear();
        for (SelectionKey key : ready) {
          if (key.isValid() && key.isAcceptable()) {
            accept();
          } else if (key.isValid()) {
            ((Peer) key.attachment()).ready(key.isReadable());
          }
        }
        while (!paused.isEmpty() && paused.peek().wakeAt <= System.nanoTime()) {
          paused.poll().go();
        }
      }
    } catch (IOException | java.nio.channels.ClosedSelectorException e) {
      // Closed.
    }
  }

  private long timeout() {
    return paused.isEmpty()
        ? 0
        : Math.max(1, (paused.peek().wakeAt - System.nanoTime()) / 1_000_000);
  }

  private void accept() throws IOException {
    for (SocketChannel channel = listener.accept(); channel != null; channel = listener.accept()) {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, accepted++ % 8 != 0);
      Peer peer = new Peer(channel);
      peer.key = channel.register(selector, SelectionKey.OP_READ, peer);
    }
  }

  @Override
  public int port() throws IOException {
    return listener.socket().getLocalPort();
  }

  @Override
  public void close() throws IOException {
    List<SelectionKey> keys = new ArrayList<>(selector.keys());
    selector.close();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    for (SelectionKey key : keys) {
      key.channel().close();
    }
  }

  private final class Peer {
    private final SocketChannel channel;
    private final Conversation conversation = new Conversation();
    private SelectionKey key;
    private ByteBuffer[] writing;
    private Step.SendFile sending;
    private long sent;
    private long wakeAt;

    Peer(SocketChannel channel) {
      this.channel = channel;
    }

    void ready(boolean readable) {
      try {
        if (readable) {
          if (channel.read(in.clear()) < 0) {
            conversation.ended();
          } else {
            conversation.received(in.flip());
          }
        }
      } catch (IOException e) {
        close();
        return;
      }
      go();
    }

    /** As far as it gets without waiting. */
    void go() {
      try {
        while (write()) {
          if (!step(conversation.next())) {
            return;
          }
        }
        key.interestOps(SelectionKey.OP_WRITE);
      } catch (IOException e) {
        close();
      }
    }

    /** Whether all is written. */
    private boolean write() throws IOException {
      if (writing != null) {
        if (writing.length == 1) {
          channel.write(writing[0]);
        } else {
          channel.write(writing);
        }
        for (ByteBuffer buffer : writing) {
          if (buffer.hasRemaining()) {
            return false;
          }
        }
        writing = null;
      }
      if (sending != null) {
        sent +=
            file.channel().transferTo(sending.position() + sent, sending.length() - sent, channel);
        if (sent < sending.length()) {
          return false;
        }
        sending = null;
      }
      return true;
    }

    /** Whether to go on. */
    private boolean step(Step step) throws IOException {
      if (step == Step.READ) {
        key.interestOps(SelectionKey.OP_READ);
        return false;
      } else if (step instanceof Step.Write write) {
        writing = write.array();
      } else if (step instanceof Step.SendFile send) {
        sending = send;
        sent = 0;
      } else if (step instanceof Step.Pause pause) {
        key.interestOps(0);
        wakeAt = System.nanoTime() + pause.millis() * 1_000_000L;
        paused.add(this);
        return false;
      } else if (step == Step.FIN) {
        channel.shutdownOutput();
      } else {
        if (step == Step.RESET) {
          channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        }
        close();
        return false;
      }
      return true;
    }

    private void close() {
      try {
        channel.close();
      } catch (IOException e) {
        // Closed all the same.
      }
    }
  }
}
