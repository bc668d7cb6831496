package io.httpaudit.stacks;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.uring.IoUringIoHandler;

/** On sockets whose bytes the kernel moves while no thread waits for them. */
public final class ReactorIoUringStack extends ReactorStack {
  private static final EventLoopGroup LOOPS =
      new MultiThreadIoEventLoopGroup(2, Daemons::thread, IoUringIoHandler.newFactory());

  public ReactorIoUringStack() {
    super(useNative -> LOOPS);
  }
}
