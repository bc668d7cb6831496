package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;

/**
 * What the clients on Netty have in common: an attempt gets a channel, and its head's fields are
 * filled in before that is given to the channel. What is written then is known by the ids in it,
 * whichever thread writes it, and when.
 *
 * <p>Such a client's channels are opened by its event loops and its pool, for whom is not known.
 */
final class NettyHeads {
  private static final Property PARENT = new Property("parent()");
  private static final Property PIPELINE = new Property("pipeline()");
  private static final Property ENGINE = new Property("engine()");

  private final Observer observer;
  private final Propagation propagation;
  private final TlsOwners owners;

  private final UsedConnections channels = new UsedConnections();

  NettyHeads(Observer observer, Propagation propagation) {
    this.observer = observer;
    this.propagation = propagation;
    owners = new TlsOwners(observer.engines());
  }

  /** An attempt has its channel, just now. */
  void has(OngoingCall call, Object channel) {
    channels.has(call, channel);
  }

  /**
   * A call's head is about to be given to the channel.
   *
   * @param headers Netty's, of that head alone
   */
  void writes(OngoingCall call, Object channel, Object headers) throws Throwable {
    HttpAuditContext context = writes(call, channel);
    if (context != null) {
      call.carried = propagation.inject(context, headers, Fields.ALL, call.carried);
    }
  }

  /** Likewise; returns what the head is to carry, null: nothing. */
  HttpAuditContext writes(OngoingCall call, Object channel) throws Throwable {
    return isRead(channel) ? call.writes(null) : call.passes();
  }

  /** Whether the bytes of a head on this channel are HTTP/1.1 that is seen. */
  private boolean isRead(Object channel) throws Throwable {
    if (channel == null
        || PARENT.of(channel) != null
        || !observer.knows(NettyChannels.descriptor(channel))) {
      // A stream of HTTP/2, or a transport that no hook sees.
      return false;
    }
    Object pipeline = PIPELINE.of(channel);
    Pipeline way = pipeline == null ? null : Pipeline.ALL.get(pipeline.getClass());
    if (way == null) {
      return false;
    }
    Object tls = way.tls(pipeline);
    Object engine = tls == null ? null : ENGINE.of(tls);
    return tls == null || engine != null && owners.reads(engine);
  }

  /** The first value of a field of Netty's headers; null: there is none. */
  static String field(Object headers, String name) {
    try {
      return (String)
          (Object) Path.ALL.get(headers.getClass()).get.invokeExact(headers, (Object) name);
    } catch (Throwable e) {
      HttpAudit.countFault();
      // As if the application had set it: nothing is written then.
      return "";
    }
  }

  /** How a pipeline is asked for its handler of TLS. */
  private static final class Pipeline {
    static final ClassValue<Pipeline> ALL =
        new ClassValue<>() {
          @Override
          protected Pipeline computeValue(Class<?> pipeline) {
            try {
              return new Pipeline(pipeline);
            } catch (ReflectiveOperationException e) {
              // A version that has it otherwise.
              return null;
            }
          }
        };

    private final Class<?> handler;
    private final MethodHandle get;

    Pipeline(Class<?> pipeline) throws ReflectiveOperationException {
      handler = Access.type(pipeline, "io.netty.handler.ssl.SslHandler");
      get =
          Access.method(
              Access.type(pipeline, "io.netty.channel.ChannelPipeline"),
              "get",
              Access.type(pipeline, "io.netty.channel.ChannelHandler"),
              Class.class);
    }

    /** Null: it has none. */
    Object tls(Object pipeline) throws Throwable {
      return (Object) get.invokeExact(pipeline, (Object) handler);
    }
  }

  /** Of Netty's HttpHeaders. */
  private static final class Path {
    static final ClassValue<Path> ALL =
        new ClassValue<>() {
          @Override
          protected Path computeValue(Class<?> headers) {
            try {
              return new Path(Access.type(headers, "io.netty.handler.codec.http.HttpHeaders"));
            } catch (ReflectiveOperationException e) {
              throw new LinkageError(e.getMessage());
            }
          }
        };

    final MethodHandle get;
    final MethodHandle set;

    Path(Class<?> headers) throws ReflectiveOperationException {
      get = Access.method(headers, "get", String.class, String.class);
      MethodHandle sets = Access.method(headers, "set", headers, String.class, Object.class);
      set =
          sets.asType(
              MethodType.methodType(Object.class, Object.class, Object.class, Object.class));
    }
  }

  private static final class Fields implements Propagation.Fields<Object> {
    static final Fields ALL = new Fields();

    @Override
    public String get(Object headers, String name) {
      return field(headers, name);
    }

    @Override
    public void set(Object headers, String name, String value) {
      try {
        Object done =
            (Object)
                Path.ALL
                    .get(headers.getClass())
                    .set
                    .invokeExact(headers, (Object) name, (Object) value);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }
}
