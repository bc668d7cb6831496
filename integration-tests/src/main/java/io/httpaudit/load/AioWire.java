package io.httpaudit.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** An {@link AsynchronousSocketChannel}, waited for. */
final class AioWire implements Wire {
  private final AsynchronousSocketChannel channel;

  AioWire(AsynchronousSocketChannel channel) {
    this.channel = channel;
  }

  static <T> T await(Future<T> future) throws IOException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    return await(channel.read(to));
  }

  @Override
  public void write(ByteBuffer... buffers) throws IOException {
    if (buffers.length == 1) {
      while (buffers[0].hasRemaining()) {
        await(channel.write(buffers[0]));
      }
      return;
    }
    long left = 0;
    for (ByteBuffer buffer : buffers) {
      left += buffer.remaining();
    }
    while (left > 0) {
      left -= await(gather(buffers));
    }
  }

  private CompletableFuture<Long> gather(ByteBuffer[] buffers) {
    CompletableFuture<Long> done = new CompletableFuture<>();
    channel.write(
        buffers,
        0,
        buffers.length,
        0,
        TimeUnit.SECONDS,
        done,
        new CompletionHandler<Long, CompletableFuture<Long>>() {
          @Override
          public void completed(Long n, CompletableFuture<Long> to) {
            to.complete(n);
          }

          @Override
          public void failed(Throwable cause, CompletableFuture<Long> to) {
            to.completeExceptionally(cause);
          }
        });
    return done;
  }

  @Override
  public void send(FileChannel file, long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining() && file.read(bytes, position + bytes.position()) >= 0) {}
    write(bytes.flip());
  }

  @Override
  public void shutdownOutput() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public void reset() {
    throw new UnsupportedOperationException("an AsynchronousSocketChannel has no SO_LINGER");
  }

  @Override
  public boolean canReset() {
    return false;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
