package io.httpaudit.observe;

import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Puts hooks into Netty's native transport (epoll), whose sockets the JDK knows nothing of: {@link
 * NettyHooks}. Costs nothing before a class of it loads. Any thread; never throws.
 *
 * <p>All or nothing: where a hook finds no method, no connection of Netty's own is followed any
 * more. One whose end goes unseen would give its number, and so its name, to another one.
 */
final class NettyTransports implements ClassFileTransformer {
  /** Its sockets' and pipes' descriptor: internal name. */
  static final String DESCRIPTOR = "io/netty/channel/unix/FileDescriptor";

  private static final String CHANNELS = "io/netty/channel/";

  /**
   * Loads with the first connection by io_uring. Its bytes move while no thread of this JVM is in a
   * call for them: there is nothing to hook as there is elsewhere.
   */
  private static final String URING = CHANNELS + "uring/IoUringSocketChannel";

  private final AtomicBoolean uring = new AtomicBoolean();

  private final Queue<String> missing = new ConcurrentLinkedQueue<>();
  private final Runnable ignore;

  /**
   * @param ignore follows no such socket any more
   */
  NettyTransports(Runnable ignore) {
    this.ignore = ignore;
  }

  static boolean hooks(String owner) {
    return owner.startsWith(CHANNELS) && Weaver.hooks(NettyHooks.ALL, owner);
  }

  /**
   * Whose connections are not followed, and why: what a class that was loaded lacks, {@code
   * Class.method}, once; null: nothing, any more.
   */
  String takeMissing() {
    return missing.poll();
  }

  @Override
  public byte[] transform(
      ClassLoader loader, String name, Class<?> type, ProtectionDomain domain, byte[] bytes) {
    if (name == null || !name.startsWith(CHANNELS)) {
      return null;
    }
    if (name.equals(URING)) {
      if (uring.compareAndSet(false, true)) {
        missing.add("by io_uring: no hooks");
      }
      return null;
    }
    try {
      return hooks(name) ? weave(name, bytes) : null;
    } catch (Throwable e) {
      HttpAudit.countFault();
      lacks(name.concat(", which can't be hooked"));
      return null;
    }
  }

  private byte[] weave(String name, byte[] bytes) {
    Weaver weaver = new Weaver(NettyHooks.ALL);
    byte[] woven = weaver.weave(name, bytes);
    for (Hook hook : NettyHooks.ALL) {
      if (hook.owner().equals(name)
          && !weaver.isWoven(hook)
          && (weaver.saw(hook.method()) || !NettyHooks.isRecent(hook))) {
        lacks(name.substring(name.lastIndexOf('/') + 1) + "." + hook.method());
      }
    }
    return woven;
  }

  private void lacks(String what) {
    ignore.run();
    missing.add("by epoll: no ".concat(what));
  }
}
