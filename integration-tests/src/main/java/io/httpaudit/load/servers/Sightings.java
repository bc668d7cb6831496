package io.httpaudit.load.servers;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Which context a piece of the application's code found on its thread: a line {@code id place
 * trace-id span-id} each, or {@code id place none}.
 */
final class Sightings {
  private final Queue<String> lines = new ConcurrentLinkedQueue<>();
  private final Method current;
  private final Field traceHigh;
  private final Field traceLow;
  private final Field spanId;

  Sightings() throws ReflectiveOperationException {
    current = Class.forName("java.lang.HttpAudit").getMethod("current");
    Class<?> context = Class.forName("java.lang.HttpAuditContext");
    traceHigh = context.getField("traceHigh");
    traceLow = context.getField("traceLow");
    spanId = context.getField("spanId");
  }

  /** Notes what is current here, and returns it. */
  String see(String id, String place) {
    String ids;
    try {
      Object context = current.invoke(null);
      ids =
          context == null
              ? "none"
              : String.format(
                  "%016x%016x %016x",
                  traceHigh.getLong(context), traceLow.getLong(context), spanId.getLong(context));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
    lines.add(id + " " + place + " " + ids);
    return ids;
  }

  /** What a client learned, in the same form. */
  void told(String id, String place, String ids) {
    lines.add(id + " " + place + " " + ids);
  }

  void write(Path file) throws IOException {
    Files.write(file, lines);
  }
}
