package io.httpaudit.load;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A message's body in the pieces in which it is written. */
final class Body {
  private Body() {}

  /**
   * @param chunked in chunks of random sizes
   * @param extensions each chunk's size has extensions
   * @param trailers the last is followed by trailers
   */
  static List<ByteBuffer> parts(
      int id, int size, boolean chunked, boolean extensions, boolean trailers, Random random) {
    List<ByteBuffer> parts = new ArrayList<>();
    for (int done = 0; done < size; ) {
      int most = Math.min(Pattern.most(), size - done);
      // Some thousand pieces at most, whatever the size.
      int n = chunked ? Math.min(most, 1 + random.nextInt(Math.max(2000, size / 500))) : most;
      if (chunked) {
        parts.add(ByteBuffer.wrap(Answer.bytes(sizeLine(n, extensions, random))));
      }
      parts.add(Pattern.view(id, done, n));
      if (chunked) {
        parts.add(ByteBuffer.wrap(Answer.bytes("\r\n")));
      }
      done += n;
    }
    if (chunked) {
      parts.add(
          ByteBuffer.wrap(
              Answer.bytes(
                  "0"
                      + (extensions ? ";last" : "")
                      + "\r\n"
                      + (trailers ? "X-Check: " + id + "\r\nX-More: trailers\r\n" : "")
                      + "\r\n")));
    }
    return parts;
  }

  private static String sizeLine(int n, boolean extensions, Random random) {
    String size = Integer.toHexString(n);
    if (random.nextBoolean()) {
      size = "0" + size.toUpperCase(java.util.Locale.ROOT);
    }
    return size + (extensions ? ";name=value;quoted=\"a;b\\\"c\"" : "") + "\r\n";
  }

  static byte[] join(byte[] head, List<ByteBuffer> parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(head);
    for (ByteBuffer part : parts) {
      byte[] bytes = new byte[part.remaining()];
      part.duplicate().get(bytes);
      all.writeBytes(bytes);
    }
    return all.toByteArray();
  }
}
