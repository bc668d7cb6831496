package io.httpaudit.stacks;

/** On Netty's own sockets, by epoll. */
public final class VertxEpollStack extends VertxStack {
  @Override
  boolean isNative() {
    return true;
  }
}
