package io.httpaudit.stacks;

/** On Netty's own sockets, by epoll: its default. */
public final class ArmeriaEpollStack extends ArmeriaStack {
  public ArmeriaEpollStack() {
    super("epoll");
  }
}
