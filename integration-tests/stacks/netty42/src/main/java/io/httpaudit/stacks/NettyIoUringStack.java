package io.httpaudit.stacks;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;

/** On sockets whose bytes the kernel moves while no thread waits for them. */
public final class NettyIoUringStack extends NettyStack {
  @Override
  EventLoopGroup loops(int count) {
    return new MultiThreadIoEventLoopGroup(count, Daemons::thread, IoUringIoHandler.newFactory());
  }

  @Override
  Class<? extends ServerChannel> transport() {
    return IoUringServerSocketChannel.class;
  }
}
