package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import io.httpaudit.observe.PassedOn;
import io.httpaudit.trace.Propagation;
import java.lang.invoke.MethodHandle;
import java.lang.ref.WeakReference;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * Netty's codec for clients, 4.1 and 4.2, where an application writes to it, or a library that
 * isn't known by itself: a call starts when its head is encoded, in the context of the thread that
 * first gave it to a channel. Each head is a call of its own: what a redirect or a retry goes back
 * to only the application knows.
 *
 * <p>A head may be shared, or sent again, so it stays as it is: our fields are added to the bytes
 * that it is encoded to. Channels are opened by event loops, for whom is not known.
 */
final class NettyClient implements Library {
  private static final String HTTP = "io/netty/handler/codec/http/";
  private static final String ENCODER = HTTP + "HttpClientCodec$Encoder";

  private static final Property CHANNEL = new Property("channel()");
  private static final Property METHOD = new Property("method()");
  private static final Property HEADERS = new Property("headers()");
  private static final Property PIPELINE = new Property("pipeline()");
  private static final Property HANDLERS = new Property("toMap()");

  /** What has hooks of its own: a handler of theirs is in each of their channels. */
  private static final List<String> OTHERS =
      List.of("reactor.netty.", "io.vertx.", "org.asynchttpclient.", "com.linecorp.armeria.");

  private final Observer observer;
  private final Propagation propagation;
  private final NettyHeads heads;
  private final ByIdentity<Boolean> isOthers = new ByIdentity<>();

  /** While a head is encoded, by the one thread that may. */
  private final ByIdentity<Encoding> byEncoder = new ByIdentity<>();

  NettyClient(Observer observer, Propagation propagation) {
    this.observer = observer;
    this.propagation = propagation;
    heads = new NettyHeads(observer, propagation);
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around(ENCODER, "encode", "", new Encodes(), 1, 2),
      Point.around(HTTP + "HttpObjectEncoder", "encodeHeaders", "", new Writes(), 1, 2)
    };
  }

  /** Heads that were given to a channel, each in a context, and have not come to the codec. */
  static final class Given implements Library {
    static final Given ALL = new Given();

    private final ByIdentity<Gift> byHead = new ByIdentity<>();

    /**
     * To which channel a head was given, and in which context: of that the ids, since a proxy
     * passes on the very head that a request's context leads to. One that is never encoded would
     * keep itself.
     *
     * @param context its ids; null: none, or it is not certain
     */
    record Gift(WeakReference<Object> channel, HttpAuditContext context) {}

    @Override
    public Point[] points() {
      return new Point[] {
        Point.around(
            "io/netty/channel/AbstractChannelHandlerContext",
            "write",
            "(Ljava/lang/Object;ZLio/netty/channel/ChannelPromise;)V",
            new Gives(),
            1)
      };
    }

    private final class Gives extends HttpAuditProbe {
      @Override
      public Object enter(Object handlerContext, Object message, Object two) {
        try {
          NettyClasses netty = message == null ? null : NettyClasses.ofMessage(message);
          if (netty != null && netty.isRequest(message)) {
            give(message, CHANNEL.of(handlerContext), HttpAudit.current());
          }
        } catch (Throwable e) {
          HttpAudit.countFault();
        }
        return null;
      }
    }

    /**
     * A channel's handlers give a head to one another, perhaps later: the first time counts. Given
     * to two channels, it isn't certain which of them encodes it first.
     */
    void give(Object head, Object channel, HttpAuditContext context) {
      HttpAuditContext ids = context == null ? null : PassedOn.of(context);
      if (!byHead.add(head, new Gift(new WeakReference<>(channel), ids))) {
        Gift before = byHead.of(head);
        if (before != null && !before.channel.refersTo(channel)) {
          byHead.replace(head, new Gift(before.channel, null));
        }
      }
    }

    /** The codec has it. Null: it never was given. */
    Gift take(Object head) {
      return byHead.remove(head);
    }
  }

  /** What is added to which head. */
  private record Encoding(HttpAuditContext context, OngoingCall call, Object headers) {}

  /** A message is encoded: a head, if it is one. */
  private final class Encodes extends HttpAuditProbe {
    @Override
    public Object enter(Object encoder, Object handlerContext, Object message) {
      try {
        NettyClasses netty = message == null ? null : NettyClasses.ofMessage(message);
        if (netty == null || !netty.isRequest(message)) {
          return null;
        }
        Given.Gift gift = Given.ALL.take(message);
        Object channel = CHANNEL.of(handlerContext);
        Object method = METHOD.of(message);
        // What asks a proxy for a tunnel carries nothing.
        if (gift == null
            || channel == null
            || method == null
            || method.toString().equals("CONNECT")
            || isOthers(channel)) {
          return null;
        }
        OngoingCall call = OngoingCall.start(observer, gift.context());
        if (call == null) {
          return null;
        }
        heads.has(call, channel);
        HttpAuditContext context = heads.writes(call, channel);
        if (context != null) {
          byEncoder.add(encoder, new Encoding(context, call, HEADERS.of(message)));
          return encoder;
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }

    private boolean isOthers(Object channel) throws Throwable {
      Boolean known = isOthers.of(channel);
      if (known == null) {
        known =
            !(HANDLERS.of(PIPELINE.of(channel)) instanceof Map<?, ?> handlers)
                || handlers.values().stream().anyMatch(NettyClient::isOfOthers);
        isOthers.add(channel, known);
      }
      return known;
    }

    @Override
    public void leave(
        Object entered, Object encoder, Object handlerContext, Object result, Throwable thrown) {
      if (entered != null) {
        byEncoder.remove(encoder);
      }
    }
  }

  private static boolean isOfOthers(Object handler) {
    String name = handler.getClass().getName();
    return OTHERS.stream().anyMatch(name::startsWith);
  }

  /** A head's fields are encoded, or a trailer's, or those of a server. */
  private final class Writes extends HttpAuditProbe {
    private final ClassValue<Boolean> ofClients = Access.named(ENCODER.replace('/', '.'));

    @Override
    public Object enter(Object encoder, Object headers, Object buffer) {
      if (!ofClients.get(encoder.getClass())) {
        return null;
      }
      Encoding encoding = byEncoder.of(encoder);
      return encoding != null && encoding.headers == headers ? new Encoded(encoding, buffer) : null;
    }

    @Override
    public void leave(
        Object entered, Object encoder, Object headers, Object result, Throwable thrown) {
      if (thrown == null && entered instanceof Encoded head) {
        Encoding of = head.encoding;
        of.call.carried = propagation.inject(of.context, head, Encoded.FIELDS, of.call.carried);
      }
    }
  }

  /** A head's fields, and the bytes that follow those of them that are the application's. */
  private record Encoded(Encoding encoding, Object buffer) {
    static final Propagation.Fields<Encoded> FIELDS =
        new Propagation.Fields<>() {
          @Override
          public String get(Encoded head, String name) {
            return NettyHeads.field(head.encoding.headers, name);
          }

          @Override
          public void set(Encoded head, String name, String value) {
            head.write(name, value);
          }
        };

    /** {@code ByteBuf.writeCharSequence}. */
    private static final ClassValue<MethodHandle> WRITES =
        new ClassValue<>() {
          @Override
          protected MethodHandle computeValue(Class<?> buffer) {
            try {
              return Access.method(
                  Access.type(buffer, "io.netty.buffer.ByteBuf"),
                  "writeCharSequence",
                  int.class,
                  CharSequence.class,
                  Charset.class);
            } catch (ReflectiveOperationException e) {
              throw new LinkageError(e.getMessage());
            }
          }
        };

    private void write(String name, String value) {
      try {
        Object line = name + ": " + value + "\r\n";
        int written =
            (int)
                WRITES
                    .get(buffer.getClass())
                    .invokeExact(buffer, line, (Object) StandardCharsets.ISO_8859_1);
        assert written == ((String) line).length();
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }
}
