package io.httpaudit.stacks;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;

/** On Netty's own sockets, of which the JDK knows nothing. */
public final class NettyEpollStack extends NettyStack {
  @Override
  @SuppressWarnings("deprecation")
  EventLoopGroup loops(int count) {
    return new EpollEventLoopGroup(count, Daemons::thread);
  }

  @Override
  Class<? extends ServerChannel> transport() {
    return EpollServerSocketChannel.class;
  }
}
