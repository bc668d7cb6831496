package io.httpaudit.instrument;

import io.httpaudit.enrich.TheirSpan;

/** A span of an OpenTelemetry SDK's, of class {@code SdkSpan}. */
final class OpenTelemetrySpan extends TheirSpan {
  private final OpenTelemetryClasses classes;
  private final Object span;
  private final Object processor;

  OpenTelemetrySpan(
      OpenTelemetryClasses classes,
      Object span,
      Object processor,
      Identity identity,
      long deadline,
      long told) {
    super(identity, deadline, told);
    this.classes = classes;
    this.span = span;
    this.processor = processor;
  }

  @Override
  public String method() throws Throwable {
    return classes.value(span, OpenTelemetryClasses.METHOD) instanceof String method ? method : "";
  }

  @Override
  public long status() throws Throwable {
    return classes.value(span, OpenTelemetryClasses.STATUS) instanceof Long status ? status : 0;
  }

  @Override
  public boolean has(String key, Class<?> type) throws Throwable {
    return classes.has(span, key, type);
  }

  @Override
  public void put(String key, Object value) throws Throwable {
    classes.put(span, key, value);
  }

  @Override
  public void child(String name, long start, long end) throws Throwable {
    classes.child(span, processor, name, start, end);
  }

  @Override
  public void passOn() throws Throwable {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(processor.getClass().getClassLoader());
    try {
      classes.onEnd(processor, span);
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
