package io.httpaudit.instrument;

import io.httpaudit.enrich.TheirSpan.Identity;
import java.lang.invoke.MethodHandle;
import java.lang.ref.WeakReference;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * The ways into one SDK's classes, and into the API that it was compiled against, whatever package
 * that was moved to. Any thread.
 */
final class OpenTelemetryClasses {
  private static final String TRACE = "io.opentelemetry.sdk.trace.";
  private static final String SCOPE = "io.httpaudit";

  /** Kept by the class itself, so it goes with its loader; null: of a shape that is not known. */
  private static final ClassValue<OpenTelemetryClasses> CLASSES =
      new ClassValue<>() {
        @Override
        protected OpenTelemetryClasses computeValue(Class<?> of) {
          try {
            return of.getName().equals(TRACE + "SdkSpan")
                ? new OpenTelemetryClasses(of)
                : CLASSES.get(Access.type(of, TRACE + "SdkSpan"));
          } catch (ReflectiveOperationException | LinkageError e) {
            return null;
          }
        }
      };

  static final String METHOD = "http.request.method";
  static final String STATUS = "http.response.status_code";

  private final Class<?> span;
  private final Class<?> noop;
  private final Object nobody;
  private final MethodHandle kind;
  private final MethodHandle processor;
  private final MethodHandle startedAt;
  private final MethodHandle hasEnded;
  private final MethodHandle context;
  private final MethodHandle parentContext;
  private final MethodHandle traceId;
  private final MethodHandle spanId;
  private final MethodHandle isRemote;
  private final MethodHandle attributes;
  private final MethodHandle lock;
  private final MethodHandle get;
  private final MethodHandle put;
  private final MethodHandle onEnd;
  private final MethodHandle sharedState;
  private final MethodHandle activeProcessor;
  private final MethodHandle tracer;
  private final MethodHandle spanBuilder;
  private final MethodHandle setParent;
  private final MethodHandle setStart;
  private final MethodHandle start;
  private final MethodHandle end;
  private final MethodHandle with;
  private final Object root;
  private final Map<Class<?>, MethodHandle> keyMakers;

  /** Attributes' keys as that API has them. */
  private final Map<String, Object> keys = new ConcurrentHashMap<>();

  /** Providers that have a processor, as far as they were seen; few. */
  private final Collection<WeakReference<Object>> providers = new CopyOnWriteArrayList<>();

  private OpenTelemetryClasses(Class<?> sdkSpan) throws ReflectiveOperationException {
    span = sdkSpan;
    Class<?> processors = Access.type(span, TRACE + "SpanProcessor");
    Class<?> readable = Access.type(span, TRACE + "ReadableSpan");
    noop = Access.type(span, TRACE + "NoopSpanProcessor");
    nobody = Access.call(noop, "getInstance", processors);
    Class<?> provider = Access.type(span, TRACE + "SdkTracerProvider");
    Class<?> state = Access.type(span, TRACE + "TracerSharedState");
    Class<?> builder = Access.type(span, TRACE + "SdkSpanBuilder");

    // The API's types, by the methods that the SDK implements.
    Class<?> spanContext = span.getMethod("getSpanContext").getReturnType();
    Class<?> api = apiOf(builder);
    Class<?> apiTracer = provider.getMethod("get", String.class).getReturnType();
    Class<?> apiBuilder = apiTracer.getMethod("spanBuilder", String.class).getReturnType();
    Class<?> apiContext = parameterOf(apiBuilder, "setParent");
    Class<?> key = parameterOf(readable, "getAttribute");
    Class<?> inContext = parameterOf(apiContext, "with");

    kind = Access.field(span, "kind");
    processor = Access.field(span, "spanProcessor");
    startedAt = Access.field(span, "startEpochNanos");
    hasEnded = Access.method(span, "hasEnded", boolean.class);
    context = Access.field(span, "context");
    parentContext = Access.field(span, "parentSpanContext");
    traceId = Access.method(spanContext, "getTraceId", String.class);
    spanId = Access.method(spanContext, "getSpanId", String.class);
    isRemote = Access.method(spanContext, "isRemote", boolean.class);
    attributes = Access.field(span, "attributes");
    lock = Access.field(span, "lock");
    Class<?> map = span.getDeclaredField("attributes").getType();
    get = Access.method(map, "get", Object.class, key);
    put = put(map, key);
    onEnd = Access.method(processors, "onEnd", void.class, readable);
    sharedState = Access.field(provider, "sharedState");
    activeProcessor = Access.field(state, "activeSpanProcessor");
    tracer = Access.method(provider, "get", apiTracer, String.class);
    spanBuilder = Access.method(apiTracer, "spanBuilder", apiBuilder, String.class);
    setParent = Access.method(apiBuilder, "setParent", apiBuilder, apiContext);
    setStart =
        Access.method(apiBuilder, "setStartTimestamp", apiBuilder, long.class, TimeUnit.class);
    start = Access.method(apiBuilder, "startSpan", api);
    end = Access.method(api, "end", void.class, long.class, TimeUnit.class);
    with = Access.method(apiContext, "with", apiContext, inContext);
    root = Access.call(apiContext, "root", apiContext);
    keyMakers =
        Map.of(
            String.class, Access.maker(key, "stringKey", String.class),
            Long.class, Access.maker(key, "longKey", String.class),
            Double.class, Access.maker(key, "doubleKey", String.class),
            Boolean.class, Access.maker(key, "booleanKey", String.class));
  }

  /** Since 1.48 it returns what was there before. */
  private static MethodHandle put(Class<?> map, Class<?> key) throws ReflectiveOperationException {
    try {
      return Access.method(map, "put", Object.class, key, Object.class);
    } catch (NoSuchMethodException e) {
      MethodHandle put = Access.method(map, "put", void.class, key, Object.class);
      return put.asType(put.type().changeReturnType(Object.class));
    }
  }

  private static Class<?> apiOf(Class<?> builder) throws NoSuchMethodException {
    return builder.getDeclaredMethod("startSpan").getReturnType();
  }

  /** The type of what a method takes, where there is one that takes one thing that is a type. */
  private static Class<?> parameterOf(Class<?> owner, String name) throws NoSuchMethodException {
    for (java.lang.reflect.Method method : owner.getMethods()) {
      if (method.getName().equals(name) && method.getParameterCount() == 1) {
        return method.getParameterTypes()[0];
      }
    }
    throw new NoSuchMethodException(owner.getName().concat(".").concat(name));
  }

  /** By any object of that SDK's; null: it is of a shape that is not known. */
  static OpenTelemetryClasses of(Object one) {
    return CLASSES.get(one.getClass());
  }

  /** Whether it is a span that somebody processes; else it was not sampled. */
  boolean isProcessed(Object one) throws Throwable {
    return span.isInstance(one) && !noop.isInstance((Object) processor.invokeExact(one));
  }

  boolean hasEnded(Object of) throws Throwable {
    return (boolean) hasEnded.invokeExact(of);
  }

  /** A processor that does nothing. */
  Object nobody() {
    return nobody;
  }

  /** Whether a provider has somewhere for spans to go. It is known from then on. */
  boolean keeps(Object provider) throws Throwable {
    if (noop.isInstance(processorOf(provider))) {
      return false;
    }
    for (WeakReference<Object> known : providers) {
      if (known.get() == provider) {
        return true;
      }
    }
    providers.removeIf(known -> known.get() == null);
    providers.add(new WeakReference<>(provider));
    return true;
  }

  private Object processorOf(Object provider) throws Throwable {
    return (Object) activeProcessor.invokeExact((Object) sharedState.invokeExact(provider));
  }

  /** Name of a span's kind. */
  String kind(Object of) throws Throwable {
    return ((Enum<?>) (Object) kind.invokeExact(of)).name();
  }

  /**
   * A span's ids.
   *
   * @param request connection and sequence of the request that the calling thread handles; null:
   *     not known
   */
  Identity identity(Object of, boolean server, long[] request) throws Throwable {
    Object own = (Object) context.invokeExact(of);
    Object parent = (Object) parentContext.invokeExact(of);
    String trace = (String) (Object) traceId.invokeExact(own);
    return new Identity(
        Long.parseUnsignedLong(trace, 0, 16, 16),
        Long.parseUnsignedLong(trace, 16, 32, 16),
        idOf(own),
        idOf(parent),
        server,
        (long) startedAt.invokeExact(of),
        request == null ? 0 : request[0],
        request == null ? 0 : request[1]);
  }

  /** Whether a span's parent is one of this JVM's: another one is remote, and a root has none. */
  boolean hasLocalParent(Object of) throws Throwable {
    Object parent = (Object) parentContext.invokeExact(of);
    return !(boolean) isRemote.invokeExact(parent) && idOf(parent) != 0;
  }

  /** A span's own id. */
  long id(Object of) throws Throwable {
    return idOf((Object) context.invokeExact(of));
  }

  private long idOf(Object spanContext) throws Throwable {
    return Long.parseUnsignedLong((String) (Object) spanId.invokeExact(spanContext), 16);
  }

  private Object key(String name, Class<?> type) throws Throwable {
    Object key = keys.get(name);
    if (key == null) {
      key = (Object) keyMakers.get(type).invokeExact((Object) name);
      keys.put(name, key);
    }
    return key;
  }

  /** Whether a CLIENT or SERVER span tells of an HTTP request, as its conventions have it. */
  boolean isHttp(Object of) throws Throwable {
    return value(of, METHOD) != null;
  }

  /** Of {@link #METHOD} or {@link #STATUS}. */
  Object value(Object of, String name) throws Throwable {
    return value(of, name, name.equals(STATUS) ? Long.class : String.class);
  }

  /** An attribute's value; null: it has no such one. */
  private Object value(Object of, String name, Class<?> type) throws Throwable {
    Object key = key(name, type);
    synchronized ((Object) lock.invokeExact(of)) {
      Object all = (Object) attributes.invokeExact(of);
      return all == null ? null : (Object) get.invokeExact(all, key);
    }
  }

  boolean has(Object of, String name, Class<?> type) throws Throwable {
    return value(of, name, type) != null;
  }

  /** Of a span that has attributes already. */
  void put(Object of, String name, Object value) throws Throwable {
    Object key = key(name, value.getClass());
    synchronized ((Object) lock.invokeExact(of)) {
      // It keeps to the SDK's limits.
      Object before = (Object) put.invokeExact((Object) attributes.invokeExact(of), key, value);
    }
  }

  void onEnd(Object processor, Object ended) throws Throwable {
    onEnd.invokeExact(processor, ended);
  }

  /** A child of {@code parent} by the provider whose processor it has; none, if that is unknown. */
  void child(Object parent, Object processor, String name, long from, long to) throws Throwable {
    for (WeakReference<Object> known : providers) {
      Object provider = known.get();
      if (provider != null && processorOf(provider) == processor) {
        Object own = (Object) tracer.invokeExact(provider, (Object) SCOPE);
        Object builder = (Object) spanBuilder.invokeExact(own, (Object) name);
        Object around = (Object) with.invokeExact(root, parent);
        builder = (Object) setParent.invokeExact(builder, around);
        builder = (Object) setStart.invokeExact(builder, from, (Object) TimeUnit.NANOSECONDS);
        Object child = (Object) start.invokeExact(builder);
        end.invokeExact(child, to, (Object) TimeUnit.NANOSECONDS);
        return;
      }
    }
  }
}
