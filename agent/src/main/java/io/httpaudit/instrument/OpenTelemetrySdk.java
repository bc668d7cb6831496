package io.httpaudit.instrument;

import io.httpaudit.enrich.AwaitingSpan;
import io.httpaudit.enrich.Beside;
import io.httpaudit.enrich.TheirSpan;
import io.httpaudit.enrich.TheirSpan.Identity;
import io.httpaudit.observe.Observer;
import java.lang.ref.WeakReference;

/**
 * OpenTelemetry's SDK for traces, the application's own or that within OpenTelemetry's agent: where
 * a span starts, and where it is given to the SDK's processors when it has ended.
 *
 * <p>Its spans are the SDK's own objects all along: what is added is in their own attributes, by
 * the time that the first processor sees them ended.
 */
final class OpenTelemetrySdk implements Library {
  private static final String TRACE = "io/opentelemetry/sdk/trace/";
  private static final String PROVIDER = TRACE + "SdkTracerProvider";

  private final Beside beside;
  private final Observer observer;

  OpenTelemetrySdk(Beside beside, Observer observer) {
    this.beside = beside;
    this.observer = observer;
  }

  @Override
  public Point[] points() {
    if (!beside.isWanted()) {
      return new Point[0];
    }
    HttpAuditProbe flushes = new Flushes(beside);
    return new Point[] {
      Point.around(PROVIDER + "Builder", "build", "", new Built(beside)),
      Point.around(PROVIDER, "tracerBuilder", "", new Known(beside)),
      Point.around(PROVIDER, "forceFlush", "", flushes),
      Point.around(PROVIDER, "shutdown", "", flushes),
      Point.around(TRACE + "SdkSpanBuilder", "startSpan", "", new Starts(beside, observer)),
      Point.receives(TRACE + "SdkSpan", "endInternal", "onEnd", new Ends(beside, observer))
    };
  }

  /**
   * A provider has somewhere for spans to go, so the application has OpenTelemetry. Of one that is
   * not known it is taken for granted: its spans beside ours would tell everything twice.
   */
  private static void look(Beside beside, Object provider) {
    try {
      OpenTelemetryClasses classes = OpenTelemetryClasses.of(provider);
      if (classes == null) {
        beside.findsUnknown();
      } else if (classes.keeps(provider)) {
        beside.activate();
      }
    } catch (Throwable e) {
      HttpAudit.countFault();
    }
  }

  /** A provider is there. */
  private static final class Built extends HttpAuditProbe {
    private final Beside beside;

    Built(Beside beside) {
      this.beside = beside;
    }

    @Override
    public Object enter(Object builder, Object one, Object two) {
      return null;
    }

    @Override
    public void leave(Object entered, Object builder, Object one, Object provider, Throwable e) {
      if (provider != null) {
        look(beside, provider);
      }
    }
  }

  /** A provider is used, perhaps one that was there before us. */
  private static final class Known extends HttpAuditProbe {
    private final Beside beside;

    Known(Beside beside) {
      this.beside = beside;
    }

    @Override
    public Object enter(Object provider, Object name, Object two) {
      look(beside, provider);
      return null;
    }
  }

  private static final class Flushes extends HttpAuditProbe {
    private final Beside beside;

    Flushes(Beside beside) {
      this.beside = beside;
    }

    @Override
    public Object enter(Object provider, Object one, Object two) {
      beside.flush();
      return null;
    }
  }

  private static final class Starts extends HttpAuditProbe {
    private final Beside beside;
    private final Observer observer;

    Starts(Beside beside, Observer observer) {
      this.beside = beside;
      this.observer = observer;
    }

    @Override
    public Object enter(Object builder, Object one, Object two) {
      return null;
    }

    @Override
    public void leave(Object entered, Object builder, Object one, Object span, Throwable e) {
      if (span == null) {
        return;
      }
      try {
        OpenTelemetryClasses classes = OpenTelemetryClasses.of(builder);
        if (classes == null || !classes.isProcessed(span)) {
          return;
        }
        String kind = classes.kind(span);
        boolean server = kind.equals("SERVER");
        if (server || kind.equals("CLIENT")) {
          beside.activate();
          if (server && classes.hasLocalParent(span)) {
            // It lies within another span: no request's own, and no bytes name its parent.
            return;
          }
          long[] request = server ? observer.serving() : null;
          Identity identity = classes.identity(span, server, request);
          beside.started(identity);
          if (request != null) {
            beside.startsWithin();
          } else if (server) {
            observer.awaitsRequest(new Awaiting(span, identity));
          }
        }
      } catch (Throwable missing) {
        HttpAudit.countFault();
      }
    }
  }

  /**
   * A SERVER span that was started on this thread before our own hook, in the same method of the
   * server's, said which request it is for. A thread may keep it for longer than its application is
   * there: it keeps nothing of that.
   */
  private static final class Awaiting extends WeakReference<Object> implements AwaitingSpan {
    private final Identity identity;

    Awaiting(Object span, Identity identity) {
      super(span);
      this.identity = identity;
    }

    @Override
    public Identity identity() {
      try {
        Object span = get();
        return span == null || OpenTelemetryClasses.of(span).hasEnded(span) ? null : identity;
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
    }
  }

  /** Returns who gets the span that has ended: its processor, or one that does nothing. */
  private static final class Ends extends HttpAuditProbe {
    private final Beside beside;
    private final Observer observer;

    Ends(Beside beside, Observer observer) {
      this.beside = beside;
      this.observer = observer;
    }

    @Override
    public Object enter(Object processor, Object span, Object two) {
      boolean room = false;
      try {
        OpenTelemetryClasses classes = OpenTelemetryClasses.of(span);
        if (classes == null) {
          return processor;
        }
        String kind = classes.kind(span);
        boolean server = kind.equals("SERVER");
        if (!server && !kind.equals("CLIENT")) {
          return processor;
        }
        room = classes.isHttp(span) && beside.hasRoom();
        if (!room) {
          beside.over(classes.id(span), observer.written());
          return processor;
        }
        TheirSpan ended =
            new OpenTelemetrySpan(
                classes,
                span,
                processor,
                classes.identity(span, server, null),
                beside.deadline(),
                observer.written());
        Object nobody = classes.nobody();
        room = false;
        beside.ended(ended);
        return nobody;
      } catch (Throwable e) {
        HttpAudit.countFault();
        if (room) {
          beside.hasNoNeed();
        }
        return processor;
      }
    }
  }
}
