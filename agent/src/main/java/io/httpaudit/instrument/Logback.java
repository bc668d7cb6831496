package io.httpaudit.instrument;

import io.httpaudit.enrich.Beside;
import java.lang.invoke.MethodHandle;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * Logback: what is logged while a request is handled, or a call is made, has the span's ids in its
 * diagnostic context (MDC), by the names that OpenTelemetry gives them. They are in the event
 * alone: the application's own MDC stays as it is, and where it has a {@code trace_id}, so does the
 * event. Of what no appender is given nothing is made.
 */
final class Logback implements Library {
  private static final String EVENT = "ch.qos.logback.classic.spi.LoggingEvent";
  private static final String TRACE_ID = "trace_id";

  private final Beside beside;

  /**
   * @param beside the application's own tracer, which gives its ids itself
   */
  Logback(Beside beside) {
    this.beside = beside;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around(
          "ch/qos/logback/classic/Logger",
          "callAppenders",
          "(Lch/qos/logback/classic/spi/ILoggingEvent;)V",
          new Appends(),
          1)
    };
  }

  /** Of one Logback: how an event is given its context, and where that is copied from. */
  private static final class Path {
    static final ClassValue<Path> ALL =
        new ClassValue<>() {
          @Override
          protected Path computeValue(Class<?> event) {
            try {
              return event.getName().equals(EVENT) ? new Path(event) : null;
            } catch (ReflectiveOperationException e) {
              throw new LinkageError(e.toString());
            }
          }
        };

    private static final HexFormat HEX = HexFormat.of();

    private final MethodHandle copy;
    private final MethodHandle set;
    private final Property own = new Property("mdcPropertyMap");

    private Path(Class<?> event) throws ReflectiveOperationException {
      copy = Access.source(Access.type(event, "org.slf4j.MDC"), "getCopyOfContextMap", Map.class);
      set = Access.method(event, "setMDCPropertyMap", void.class, Map.class);
    }

    void give(Object event, HttpAuditContext context) throws Throwable {
      if (own.of(event) != null) {
        // Somebody has looked already.
        return;
      }
      Map<Object, Object> ids = new HashMap<>();
      if ((Object) copy.invokeExact() instanceof Map<?, ?> copied) {
        ids.putAll(copied);
      }
      if (!ids.containsKey(TRACE_ID)) {
        ids.put(
            TRACE_ID, HEX.toHexDigits(context.traceHigh).concat(HEX.toHexDigits(context.traceLow)));
        ids.put("span_id", HEX.toHexDigits(context.spanId));
        ids.put("trace_flags", context.sampled ? "01" : "00");
        set.invokeExact(event, (Object) ids);
      }
    }
  }

  private final class Appends extends HttpAuditProbe {
    @Override
    public Object enter(Object logger, Object event, Object two) {
      HttpAuditContext context = HttpAudit.current();
      if (context == null || event == null) {
        return null;
      }
      try {
        Path path = beside.isActive() ? null : Path.ALL.get(event.getClass());
        if (path != null) {
          path.give(event, context);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }
}
