package io.httpaudit.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** {@link Pattern} in a file, for those who send files. */
final class PatternFile implements AutoCloseable {
  /** Longest body from it. */
  static final int MOST = 4 << 20;

  private final Path path;
  private final FileChannel channel;

  PatternFile() throws IOException {
    path = Files.createTempFile("load", ".pattern");
    path.toFile().deleteOnExit();
    channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    for (long done = 0; done < MOST + Pattern.most(); ) {
      ByteBuffer view = Pattern.view(0, done, Pattern.most());
      while (view.hasRemaining()) {
        done += channel.write(view);
      }
    }
  }

  /** Where message {@code id}'s body begins. */
  static long position(int id) {
    return id % Pattern.most();
  }

  Path path() {
    return path;
  }

  FileChannel channel() {
    return channel;
  }

  /** For transports that cannot send a file. */
  byte[] bytes(long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) >= 0) {}
    return bytes.array();
  }

  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(path);
  }
}
