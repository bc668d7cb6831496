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
    StringBuilder head =
        new StringBuilder(method)
            .append(' ')
            .append(target)
            .append(' ')
            .append(version)
            .append("\r\n");
    for (String field : fields) {
      head.append(field).append("\r\n");
    }
    return head.append("\r\n").toString();
  }

  List<ByteBuffer> parts(Random random) {
    return size < 0 ? List.of() : Body.parts(id, size, chunked, extras, extras, random);
  }

  /**
   * Whatever comes to the writer's mind: in one write, in one for each part, gathered, or cut
   * anywhere.
   */
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
        gather(wire, head, parts);
        break;
      case 3:
        odd(wire, Body.join(head, parts), random);
        break;
      default:
        wire.write(Body.join(head, parts));
    }
  }

  /**
   * The first on a connection, in a few writes at the most: the server may not have accepted it
   * yet, and of what came before the kernel keeps no more than 16 runs. See {@link Shape#SCATTERED}
   * for what is beyond that.
   */
  void sendFirst(Wire wire, Random random) throws IOException {
    byte[] head = Answer.bytes(head());
    List<ByteBuffer> parts = parts(random);
    if (random.nextInt(4) == 0) {
      gather(wire, head, parts);
      return;
    }
    byte[] all = Body.join(head, parts);
    int cuts = random.nextInt(3);
    int from = 0;
    for (int i = 0; i < cuts; i++) {
      int n = 1 + random.nextInt(all.length - from - 1);
      wire.write(ByteBuffer.wrap(all, from, n));
      from += n;
      if (from == all.length - 1) {
        break;
      }
    }
    wire.write(ByteBuffer.wrap(all, from, all.length - from));
  }

  private static void gather(Wire wire, byte[] head, List<ByteBuffer> parts) throws IOException {
    // As many as one system call of the JDK's takes.
    if (parts.size() >= 15) {
      wire.write(Body.join(head, parts));
      return;
    }
    List<ByteBuffer> all = new ArrayList<>();
    all.add(ByteBuffer.wrap(head));
    all.addAll(parts);
    wire.write(all.toArray(new ByteBuffer[0]));
  }

  /** In writes of random sizes. */
  static void odd(Wire wire, byte[] bytes, Random random) throws IOException {
    for (int from = 0; from < bytes.length; ) {
      int n =
          Math.min(bytes.length - from, 1 + random.nextInt(random.nextInt(4) == 0 ? 5000 : 100));
      wire.write(ByteBuffer.wrap(bytes, from, n));
      from += n;
    }
  }
}
