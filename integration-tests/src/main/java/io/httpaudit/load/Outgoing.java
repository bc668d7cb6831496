package io.httpaudit.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A request that a raw client writes. */
final class Outgoing {
  private final String method;
  private final String target;
  private final int id;
  private final List<String> fields = new ArrayList<>();
  private String version = "HTTP/1.1";
  private int size = -1;
  private boolean chunked;
  private boolean extras;

  Outgoing(String method, String target, int id) {
    this.method = method;
    this.target = target;
    this.id = id;
  }

  static Outgoing of(String method, Script script, String host) {
    return new Outgoing(method, script.path(), script.id()).field("Host: " + host);
  }

  Outgoing version(String version) {
    this.version = version;
    return this;
  }

  /** A line of the head, as it is written. */
  Outgoing field(String line) {
    fields.add(line);
    return this;
  }

  Outgoing body(int size) {
    this.size = size;
    return field("Content-Length: " + size);
  }

  /** A body that no field announces. */
  Outgoing bareBody(int size) {
    this.size = size;
    return this;
  }

  Outgoing chunks(int size, boolean extras) {
    bareChunks(size, extras);
    return field("Transfer-Encoding: chunked");
  }

  Outgoing bareChunks(int size, boolean extras) {
    this.size = size;
    this.extras = extras;
    chunked = true;
    return this;
  }

  String method() {
    return method;
  }

  /** What the server says it read of the body. */
  String got() {
    return Integer.toString(Math.max(0, size));
  }

  String head() {
    StringBuilder head = new StringBuilder(method).append(' ').append(target).append(' ').append(version).append("\r\n");
    for (String field : fields) {
      head.append(field).append("\r\n");
    }
    return head.append("\r\n").toString();
  }

  List<ByteBuffer> parts(Random random) {
    return size < 0 ? List.of() : Body.parts(id, size, chunked, extras, extras, random);
  }

  void send(Wire wire, Random random) throws IOException {
    byte[] head = Answer.bytes(head());
    List<ByteBuffer> parts = parts(random);
    switch (size > 100_000 ? 0 : random.nextInt(8)) {
      case 0:
      case 1:
        wire.write(head);
        for (ByteBuffer part : parts) {
          wire.write(part);
        }
        break;
      case 2:
        List<ByteBuffer> all = new ArrayList<>();
        all.add(ByteBuffer.wrap(head));
        all.addAll(parts);
        wire.write(all.toArray(new ByteBuffer[0]));
        break;
      case 3:
        odd(wire, Body.join(head, parts), random);
        break;
      default:
        wire.write(Body.join(head, parts));
    }
  }

  /** In writes of random sizes. */
  static void odd(Wire wire, byte[] bytes, Random random) throws IOException {
    for (int from = 0; from < bytes.length; ) {
      int n = Math.min(bytes.length - from, 1 + random.nextInt(random.nextInt(4) == 0 ? 5000 : 100));
      wire.write(ByteBuffer.wrap(bytes, from, n));
      from += n;
    }
  }
}
