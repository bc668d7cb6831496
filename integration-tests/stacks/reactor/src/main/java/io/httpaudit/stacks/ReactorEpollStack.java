package io.httpaudit.stacks;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;

/** On Netty's own sockets, by epoll. */
public final class ReactorEpollStack extends ReactorStack {
  private static final EventLoopGroup LOOPS =
      new MultiThreadIoEventLoopGroup(2, Daemons::thread, EpollIoHandler.newFactory());

  public ReactorEpollStack() {
    super(useNative -> LOOPS);
  }
}
