package io.httpaudit.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Asynchronous channels with completion handlers. */
final class AioServer implements Server {
  private final AsynchronousChannelGroup group =
      AsynchronousChannelGroup.withFixedThreadPool(2, Threads.daemons("aio-server"));
  private final AsynchronousServerSocketChannel listener =
      AsynchronousServerSocketChannel.open(group);
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(Threads.daemons("aio-server-timer"));
  private final PatternFile file;
  private int accepted;

  AioServer(InetAddress bind, PatternFile file) throws IOException {
    this.file = file;
    listener.bind(new InetSocketAddress(bind, 0), 500);
    accept();
  }

  private void accept() {
    listener.accept(
        null,
        new CompletionHandler<AsynchronousSocketChannel, Void>() {
          @Override
          public void completed(AsynchronousSocketChannel channel, Void nothing) {
            try {
              channel.setOption(StandardSocketOptions.TCP_NODELAY, accepted++ % 8 != 0);
            } catch (IOException e) {
              // Reset already: the first read will say so.
            }
            accept();
            new Peer(channel).go();
          }

          @Override
          public void failed(Throwable cause, Void nothing) {
            if (listener.isOpen()) {
              accept();
            }
          }
        });
  }

  @Override
  public int port() throws IOException {
    return ((InetSocketAddress) listener.getLocalAddress()).getPort();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    group.shutdownNow();
    timer.shutdownNow();
  }

  private final class Peer {
    private final AsynchronousSocketChannel channel;
    private final Conversation conversation = new Conversation();
    private final ByteBuffer in = ByteBuffer.allocateDirect(16 * 1024);

    Peer(AsynchronousSocketChannel channel) {
      this.channel = channel;
    }

    void go() {
      try {
        while (step(conversation.next())) {}
      } catch (IOException | RuntimeException e) {
        close();
      }
    }

    private boolean step(Step step) throws IOException {
      if (step == Step.READ) {
        channel.read(in.clear(), null, new Read());
      } else if (step instanceof Step.Write write) {
        write(write.array());
      } else if (step instanceof Step.SendFile send) {
        write(ByteBuffer.wrap(file.bytes(send.position(), send.length())));
      } else if (step instanceof Step.Pause pause) {
        timer.schedule(this::go, pause.millis(), TimeUnit.MILLISECONDS);
      } else if (step == Step.FIN) {
        channel.shutdownOutput();
        return true;
      } else {
        close();
      }
      return false;
    }

    private void write(ByteBuffer... buffers) {
      if (buffers.length == 1) {
        channel.write(buffers[0], null, new Wrote<Integer>(buffers));
      } else {
        channel.write(
            buffers, 0, buffers.length, 0, TimeUnit.SECONDS, null, new Wrote<Long>(buffers));
      }
    }

    private void close() {
      try {
        channel.close();
      } catch (IOException e) {
        // Closed all the same.
      }
    }

    private final class Read implements CompletionHandler<Integer, Void> {
      @Override
      public void completed(Integer n, Void nothing) {
        if (n < 0) {
          conversation.ended();
        } else {
          conversation.received(in.flip());
        }
        go();
      }

      @Override
      public void failed(Throwable cause, Void nothing) {
        close();
      }
    }

    private final class Wrote<N extends Number> implements CompletionHandler<N, Void> {
      private final ByteBuffer[] buffers;

      Wrote(ByteBuffer[] buffers) {
        this.buffers = buffers;
      }

      @Override
      public void completed(N n, Void nothing) {
        for (ByteBuffer buffer : buffers) {
          if (buffer.hasRemaining()) {
            write(buffers);
            return;
          }
        }
        go();
      }

      @Override
      public void failed(Throwable cause, Void nothing) {
        close();
      }
    }
  }
}
