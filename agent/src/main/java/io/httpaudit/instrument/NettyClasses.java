package io.httpaudit.instrument;

import java.lang.invoke.MethodHandle;

/** The ways from one Netty's objects to what is known of a connection and of its requests. */
final class NettyClasses {
  private static final String HTTP = "io.netty.handler.codec.http.";

  /** By a Netty's own {@code HttpObject}. Goes with its loader. */
  private static final ClassValue<NettyClasses> ALL =
      new ClassValue<>() {
        @Override
        protected NettyClasses computeValue(Class<?> object) {
          try {
            return new NettyClasses(object);
          } catch (ReflectiveOperationException e) {
            // Netty 4.0 and before have other names: once a version, since this is kept.
            HttpAudit.countFault();
            return null;
          }
        }
      };

  /** By the class of what a decoder passes on; null: it is of no message of HTTP/1.x. */
  private static final ClassValue<NettyClasses> MESSAGES =
      new ClassValue<>() {
        @Override
        protected NettyClasses computeValue(Class<?> message) {
          Class<?> object = extended(message, HTTP.concat("HttpObject"));
          return object == null ? null : ALL.get(object);
        }
      };

  private final Class<?> context;
  private final MethodHandle channel;
  private final Class<?> request;
  private final Class<?> content;
  private final Class<?> last;
  private final MethodHandle target;

  private NettyClasses(Class<?> of) throws ReflectiveOperationException {
    String transport = "io.netty.channel.";
    context = Access.type(of, transport + "ChannelHandlerContext");
    channel = Access.method(context, "channel", Access.type(of, transport + "Channel"));
    request = Access.type(of, HTTP + "HttpRequest");
    content = Access.type(of, HTTP + "HttpContent");
    last = Access.type(of, HTTP + "LastHttpContent");
    target = Access.method(request, "uri", String.class);
  }

  private static Class<?> extended(Class<?> type, String name) {
    for (Class<?> of = type; of != null; of = of.getSuperclass()) {
      for (Class<?> extended : of.getInterfaces()) {
        Class<?> found = extended.getName().equals(name) ? extended : extended(extended, name);
        if (found != null) {
          return found;
        }
      }
    }
    return null;
  }

  /** Of what a decoder passes on; null: it is no part of a message of HTTP/1.x. */
  static NettyClasses ofMessage(Object message) {
    return MESSAGES.get(message.getClass());
  }

  /**
   * The descriptor of the socket of a handler's context, or of a channel itself; -1: it has none
   * that is known. On its event loop, which alone closes it.
   */
  int descriptor(Object of) throws Throwable {
    Object netty = context.isInstance(of) ? (Object) channel.invokeExact(of) : of;
    return NettyChannels.descriptor(netty);
  }

  boolean isRequest(Object message) {
    return request.isInstance(message);
  }

  /** Whether it is a part of a message's body, or all of it. */
  boolean isContent(Object message) {
    return content.isInstance(message);
  }

  boolean isLast(Object message) {
    return last.isInstance(message);
  }

  String target(Object request) throws Throwable {
    return (String) (Object) target.invokeExact(request);
  }
}
