package io.httpaudit.it;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * A heap dump as HotSpot writes it: format 1.0.2, identifiers of 8 bytes, of less than 2 GiB. Knows
 * what the agent's objects can reach.
 */
final class HeapDump {
  private static final int OBJECT = 2;

  /** Bytes of a value, by its type's number. */
  private static final int[] SIZES = {0, 0, 8, 0, 1, 2, 4, 8, 1, 2, 4, 8};

  /** What the agent holds of these is not its own. */
  private static final Set<String> FOREIGN =
      Set.of(
          "java/lang/ClassLoader",
          "java/lang/Thread",
          "java/lang/ThreadGroup",
          "java/lang/Module",
          "java/lang/ModuleLayer");

  /** Fields of these: what is referred to weakly, and the list that all cleaners hang in. */
  private static final Set<String> LOOSE =
      Set.of("java/lang/ref/Reference", "jdk/internal/ref/PhantomCleanable");

  private record Type(
      String name, long above, long loader, int[] fields, List<Long> statics, int fieldBytes) {}

  /** Where an object's record begins, behind its tag. */
  private record At(int tag, int position) {}

  private final MappedByteBuffer bytes;
  private final Map<Long, String> strings = new HashMap<>();
  private final Map<Long, String> names = new HashMap<>();
  private final Map<Long, Type> types = new HashMap<>();
  private final Map<Long, At> objects = new HashMap<>();

  /** Of what the agent reaches: by which object. */
  private final Map<Long, Long> reached = new HashMap<>();

  HeapDump(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
    }
    int at = "JAVA PROFILE 1.0.2".length() + 1;
    if (bytes.getInt(at) != Long.BYTES) {
      throw new IOException("identifiers are not of 8 bytes");
    }
    at += 12;
    while (at < bytes.limit()) {
      at = record(at);
    }
    reach();
  }

  private int record(int at) {
    int body = at + 9;
    int length = bytes.getInt(at + 5);
    switch (bytes.get(at)) {
      case 0x01 -> strings.put(bytes.getLong(body), text(body + 8, length - 8));
      case 0x02 -> names.put(bytes.getLong(body + 4), strings.get(bytes.getLong(body + 16)));
      case 0x0C, 0x1C -> {
        for (int p = body; p < body + length; ) {
          p = object(p);
        }
      }
      default -> {
        // Stack traces, and the end.
      }
    }
    return body + length;
  }

  private String text(int at, int length) {
    byte[] text = new byte[length];
    bytes.get(at, text);
    return new String(text, StandardCharsets.UTF_8);
  }

  private int object(int at) {
    int tag = bytes.get(at) & 0xFF;
    int body = at + 1;
    switch (tag) {
      case 0xFF, 0x05, 0x07:
        return body + 8;
      case 0x01:
        return body + 16;
      case 0x02, 0x03, 0x08:
        return body + 16;
      case 0x04, 0x06:
        return body + 12;
      case 0x20:
        return type(body);
      case 0x21:
        objects.put(bytes.getLong(body), new At(tag, body));
        return body + 24 + bytes.getInt(body + 20);
      case 0x22:
        objects.put(bytes.getLong(body), new At(tag, body));
        return body + 24 + 8 * bytes.getInt(body + 12);
      case 0x23:
        objects.put(bytes.getLong(body), new At(tag, body));
        return arrayData(body) + arrayBytes(body);
      default:
        throw new IllegalStateException("record " + tag + " at " + at);
    }
  }

  private static int arrayData(int body) {
    return body + 17;
  }

  private int arrayBytes(int body) {
    return bytes.getInt(body + 12) * SIZES[bytes.get(body + 16)];
  }

  private int type(int body) {
    int at = body + 64;
    int constants = bytes.getShort(at) & 0xFFFF;
    at += 2;
    for (int i = 0; i < constants; i++) {
      at += 3 + SIZES[bytes.get(at + 2)];
    }
    List<Long> statics = new ArrayList<>();
    int count = bytes.getShort(at) & 0xFFFF;
    at += 2;
    for (int i = 0; i < count; i++) {
      int of = bytes.get(at + 8);
      if (of == OBJECT) {
        statics.add(bytes.getLong(at + 9));
      }
      at += 9 + SIZES[of];
    }
    int[] fields = new int[bytes.getShort(at) & 0xFFFF];
    at += 2;
    int size = 0;
    for (int i = 0; i < fields.length; i++) {
      fields[i] = bytes.get(at + 8);
      size += SIZES[fields[i]];
      at += 9;
    }
    long id = bytes.getLong(body);
    types.put(
        id,
        new Type(
            names.getOrDefault(id, "?"),
            bytes.getLong(body + 12),
            bytes.getLong(body + 20),
            fields,
            statics,
            size));
    return at;
  }

  // ---- what the agent reaches

  /**
   * The agent's classes are those of its loaders, and what it defined into java.base. Its objects
   * are all of these classes, reachable or not; what they refer to counts, but not through weak
   * references, nor through cleaners, classes, loaders and threads, by which everything hangs
   * together.
   */
  private void reach() {
    Set<Long> loaders = new HashSet<>();
    types.forEach(
        (id, type) -> {
          if (type.name.startsWith("io/httpaudit/observe/")
              || type.name.startsWith("com/kenai/jffi/")) {
            loaders.add(type.loader);
          }
        });
    Set<Long> own = new HashSet<>();
    types.forEach(
        (id, type) -> {
          if (type.loader != 0 && loaders.contains(type.loader)
              || type.name.startsWith("java/lang/HttpAudit")) {
            own.add(id);
          }
        });
    ArrayDeque<Long> queue = new ArrayDeque<>();
    for (long id : own) {
      types.get(id).statics.forEach(to -> add(id, to, queue));
    }
    objects.forEach(
        (id, at) -> {
          if (at.tag == 0x21 && own.contains(bytes.getLong(at.position + 12))) {
            add(0, id, queue);
          }
        });
    while (!queue.isEmpty()) {
      long from = queue.poll();
      references(objects.get(from), to -> add(from, to, queue));
    }
  }

  private void add(long from, long to, ArrayDeque<Long> queue) {
    At at = objects.get(to);
    if (at == null || reached.containsKey(to) || at.tag == 0x21 && isForeign(at)) {
      return;
    }
    reached.put(to, from);
    queue.add(to);
  }

  private boolean isForeign(At at) {
    Type type = types.get(bytes.getLong(at.position + 12));
    while (type != null) {
      if (FOREIGN.contains(type.name)) {
        return true;
      }
      type = types.get(type.above);
    }
    return false;
  }

  private void references(At at, LongConsumer to) {
    if (at.tag == 0x22) {
      int count = bytes.getInt(at.position + 12);
      for (int i = 0; i < count; i++) {
        to.accept(bytes.getLong(at.position + 24 + 8 * i));
      }
    } else if (at.tag == 0x21) {
      int p = at.position + 24;
      Type type = types.get(bytes.getLong(at.position + 12));
      while (type != null) {
        if (LOOSE.contains(type.name)) {
          p += type.fieldBytes;
        } else {
          for (int field : type.fields) {
            if (field == OBJECT) {
              to.accept(bytes.getLong(p));
            }
            p += SIZES[field];
          }
        }
        type = types.get(type.above);
      }
    }
  }

  // ---- what is looked for

  /** How many objects of that class there are. */
  int count(String name) {
    int count = 0;
    for (At at : objects.values()) {
      count +=
          at.tag == 0x21 && types.get(bytes.getLong(at.position + 12)).name.equals(name) ? 1 : 0;
    }
    return count;
  }

  int reachedByAgent() {
    return reached.size();
  }

  /**
   * Of the patterns, those that are in an array which the agent reaches: each with the way there.
   */
  List<String> keptByAgent(Patterns patterns) {
    List<String> found = new ArrayList<>();
    reached.forEach(
        (id, from) -> {
          At at = objects.get(id);
          if (at.tag == 0x23) {
            int data = arrayData(at.position);
            String what = patterns.find(bytes, data, data + arrayBytes(at.position));
            if (!what.isEmpty()) {
              found.add(what + " in " + way(id));
            }
          }
        });
    return found;
  }

  /** Whether one of the patterns is in any array. */
  boolean holds(Patterns patterns) {
    for (At at : objects.values()) {
      if (at.tag == 0x23) {
        int data = arrayData(at.position);
        if (!patterns.find(bytes, data, data + arrayBytes(at.position)).isEmpty()) {
          return true;
        }
      }
    }
    return false;
  }

  private String way(long id) {
    StringBuilder way = new StringBuilder();
    for (long at = id; at != 0; at = reached.getOrDefault(at, 0L)) {
      At object = objects.get(at);
      way.append(way.length() == 0 ? "" : " of ");
      if (object == null) {
        way.append("static ").append(types.get(at).name);
      } else if (object.tag == 0x23) {
        way.append("an array");
      } else {
        long of = bytes.getLong(object.position + (object.tag == 0x21 ? 12 : 16));
        way.append(types.get(of).name);
      }
    }
    return way.toString();
  }
}
