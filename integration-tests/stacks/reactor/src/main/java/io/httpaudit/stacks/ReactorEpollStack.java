package io.httpaudit.stacks;

/** On Netty's own sockets, by epoll. */
public final class ReactorEpollStack extends ReactorStack {
  public ReactorEpollStack() {
    super(true);
  }
}
