package io.httpaudit.instrument;

import java.lang.invoke.MethodHandle;
import java.nio.channels.Channel;

/**
 * From a channel of Netty's to its socket's descriptor, whichever transport it is of: one of NIO
 * holds a channel of the JDK's, one of Netty's own sockets a descriptor. On the channel's event
 * loop, which alone closes it; without allocation.
 */
final class NettyChannels {
  private static final String NIO = "io.netty.channel.nio.AbstractNioChannel";
  private static final String EPOLL = "io.netty.channel.epoll.AbstractEpollChannel";
  private static final String URING = "io.netty.channel.uring.AbstractIoUringChannel";
  private static final String DESCRIPTOR = "io.netty.channel.unix.FileDescriptor";

  /**
   * Of a channel's class.
   *
   * @param socket gives what it holds
   * @param number gives that one's descriptor; null: it is a channel of the JDK's
   * @param isOpen whether that descriptor is its own; null: likewise
   */
  private record Way(MethodHandle socket, MethodHandle number, MethodHandle isOpen) {}

  private static final ClassValue<Way> WAYS =
      new ClassValue<>() {
        @Override
        protected Way computeValue(Class<?> of) {
          try {
            return way(of);
          } catch (ReflectiveOperationException e) {
            // A version that has it otherwise.
            return null;
          }
        }
      };

  private NettyChannels() {}

  private static Way way(Class<?> of) throws ReflectiveOperationException {
    Class<?> nio = Access.extended(of, NIO);
    if (nio != null) {
      return new Way(Access.field(nio, "ch"), null, null);
    }
    Class<?> own = Access.extended(of, EPOLL);
    if (own == null) {
      own = Access.extended(of, URING);
    }
    if (own != null) {
      Class<?> descriptor = Access.type(own, DESCRIPTOR);
      return new Way(
          Access.field(own, "socket"),
          Access.method(descriptor, "intValue", int.class),
          Access.method(descriptor, "isOpen", boolean.class));
    }
    return null;
  }

  /**
   * The descriptor of a channel's socket; -1: it is closed, or its transport is none that is
   * followed.
   */
  static int descriptor(Object channel) throws Throwable {
    Way way = WAYS.get(channel.getClass());
    if (way == null) {
      return -1;
    }
    Object socket = (Object) way.socket().invokeExact(channel);
    if (way.number() == null) {
      return socket instanceof Channel open && open.isOpen() ? HttpAudit.descriptor(open) : -1;
    }
    return (boolean) way.isOpen().invokeExact(socket) ? (int) way.number().invokeExact(socket) : -1;
  }
}
