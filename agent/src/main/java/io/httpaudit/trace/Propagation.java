package io.httpaudit.trace;

/**
 * The fields that carry a context from one service to the next: {@code OTEL_PROPAGATORS}. Any
 * thread.
 */
public final class Propagation {
  private final boolean traceContext;
  private final boolean baggage;

  private Propagation(boolean traceContext, boolean baggage) {
    this.traceContext = traceContext;
    this.baggage = baggage;
  }

  /** {@code tracecontext} and {@code baggage}. */
  public static Propagation standard() {
    return new Propagation(true, true);
  }

  /**
   * The fields of a request that is about to be sent.
   *
   * @param <C> what the library keeps them in
   */
  public interface Fields<C> {
    /** The value of a field, or null. */
    String get(C request, String name);

    /** Sets a field, instead of any of that name. */
    void set(C request, String name, String value);
  }

  /**
   * Writes {@code context} into a request.
   *
   * @param ours a {@code traceparent} that we have written into it before, or null
   * @return the value written; null: nothing was, since the application has set its own, which it
   *     keeps, or no propagator is configured
   */
  public <C> String inject(HttpAuditContext context, C request, Fields<C> fields, String ours) {
    if (!traceContext) {
      return null;
    }
    String there = fields.get(request, "traceparent");
    if (there != null && !there.equals(ours)) {
      return null;
    }
    String value = Traceparent.of(context);
    fields.set(request, "traceparent", value);
    if (context.state != null) {
      fields.set(request, "tracestate", context.state);
    }
    if (baggage && context.baggage != null && fields.get(request, "baggage") == null) {
      fields.set(request, "baggage", context.baggage);
    }
    return value;
  }
}
