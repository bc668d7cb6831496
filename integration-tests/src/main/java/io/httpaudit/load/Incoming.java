package io.httpaudit.load;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a raw client reads, cut into answers. */
final class Incoming {
  private final Wire wire;
  private final Input input = new Input();
  private final ByteBuffer buffer;
  private long read;

  /**
   * @param room of the buffer that is read into
   */
  Incoming(Wire wire, int room) {
    this.wire = wire;
    buffer = room % 2 == 0 ? ByteBuffer.allocate(room) : ByteBuffer.allocateDirect(room);
  }

  /** False: a FIN. */
  private boolean more() throws IOException {
    int n = wire.read(buffer.clear());
    if (n < 0) {
      return false;
    }
    read += n;
    input.add(buffer.flip());
    return true;
  }

  private void need() throws IOException {
    if (!more()) {
      throw new EOFException("in the middle of an answer");
    }
  }

  private String line() throws IOException {
    for (int scanned = 0; ; ) {
      int length = input.line(scanned);
      if (length >= 0) {
        return input.takeLine(length);
      }
      scanned = input.size();
      need();
    }
  }

  /** Bytes read so far. */
  long read() {
    return read;
  }

  /** The next final answer, and those before it. */
  Reply reply(String method, int id) throws IOException {
    List<Integer> interims = new ArrayList<>();
    Reply reply = head(method, id, interims);
    while (reply.status() / 100 == 1 && reply.status() != 101) {
      interims.add(reply.status());
      reply = head(method, id, interims);
    }
    return reply;
  }

  /** One head, and its body if it has one. */
  Reply head(String method, int id, List<Integer> interims) throws IOException {
    String[] start = line().split(" ", 3);
    Mismatch.check(
        start[0].startsWith("HTTP/1.") && start.length >= 2, "no status line: " + start[0]);
    int status = Integer.parseInt(start[1]);
    Map<String, String> fields = new HashMap<>();
    String last = "";
    for (String line = line(); !line.isEmpty(); line = line()) {
      if (line.startsWith(" ") || line.startsWith("\t")) {
        fields.merge(last, line.strip(), (before, more) -> before + " " + more);
        continue;
      }
      int colon = line.indexOf(':');
      Mismatch.check(colon > 0, "no field: " + line);
      last = line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
      fields.put(last, line.substring(colon + 1).strip());
    }
    Pattern.Check check = new Pattern.Check(id);
    int trailers = 0;
    boolean bodiless =
        status / 100 == 1
            || status == 204
            || status == 304
            || method.equals("HEAD")
            || method.equals("CONNECT") && status / 100 == 2;
    if (!bodiless) {
      if (fields.containsKey("transfer-encoding")) {
        trailers = chunks(check);
      } else if (fields.containsKey("content-length")) {
        bytes(Long.parseLong(fields.get("content-length")), check);
      } else {
        rest(check);
      }
    }
    return new Reply(interims, status, start[0], fields, check.result(), trailers);
  }

  private void bytes(long length, Pattern.Check check) throws IOException {
    for (long left = length; left > 0; ) {
      if (input.size() == 0) {
        need();
      }
      int n = (int) Math.min(left, input.size());
      input.drop(n, check);
      left -= n;
    }
  }

  private void rest(Pattern.Check check) throws IOException {
    do {
      input.drop(input.size(), check);
    } while (more());
  }

  private int chunks(Pattern.Check check) throws IOException {
    while (true) {
      String size = line().split("[; ]", 2)[0];
      long length = Long.parseLong(size, 16);
      if (length == 0) {
        break;
      }
      bytes(length, check);
      Mismatch.equal(line(), "", "behind a chunk");
    }
    int trailers = 0;
    while (!line().isEmpty()) {
      trailers++;
    }
    return trailers;
  }

  /** Bytes that follow another protocol's switch. */
  byte[] raw(int length) throws IOException {
    while (input.size() < length) {
      need();
    }
    return input.take(length);
  }

  /** Reads on to at least so many bytes in all, or to the end. */
  void atLeast(long bytes) throws IOException {
    while (read < bytes && more()) {
      input.drop(input.size());
    }
  }

  /** Nothing but a FIN may come. */
  void end() throws IOException {
    Mismatch.check(input.size() == 0 && !more(), "bytes behind the last answer");
  }

  /** To the end, however it comes. */
  void drain() {
    try {
      do {
        input.drop(input.size());
      } while (more());
    } catch (IOException e) {
      // A reset.
    }
  }
}
