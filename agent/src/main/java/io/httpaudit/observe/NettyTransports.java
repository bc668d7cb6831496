package io.httpaudit.observe;

import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Puts hooks into Netty's native transports (epoll, io_uring), whose sockets the JDK knows nothing
 * of: {@link NettyHooks}, {@link UringHooks}. Costs nothing before a class of it loads. Any thread;
 * never throws.
 *
 * <p>All or nothing: where a hook finds no method, no connection of Netty's own is followed any
 * more. One whose end goes unseen would give its number, and so its name, to another one.
 */
final class NettyTransports implements ClassFileTransformer {
  /** Its sockets' and pipes' descriptor: internal name. */
  static final String DESCRIPTOR = "io/netty/channel/unix/FileDescriptor";

  private static final String CHANNELS = "io/netty/channel/";

  private static final String URING = CHANNELS + "uring/";

  private final AtomicBoolean uringLacks = new AtomicBoolean();

  private final Queue<String> missing = new ConcurrentLinkedQueue<>();
  private final Runnable ignore;
  private final Runnable ignoreUrings;

  /**
   * @param ignore follows no such socket any more
   * @param ignoreUrings follows none by io_uring any more
   */
  NettyTransports(Runnable ignore, Runnable ignoreUrings) {
    this.ignore = ignore;
    this.ignoreUrings = ignoreUrings;
  }

  static boolean hooks(String owner) {
    return owner.startsWith(CHANNELS) && Weaver.hooks(of(owner), owner);
  }

  private static Hook[] of(String owner) {
    return owner.startsWith(URING) ? UringHooks.ALL : NettyHooks.ALL;
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
    try {
      return hooks(name) ? weave(name, bytes) : null;
    } catch (Throwable e) {
      HttpAudit.countFault();
      lacks(name, name.concat(", which can't be hooked"));
      return null;
    }
  }

  private byte[] weave(String name, byte[] bytes) {
    Hook[] hooks = of(name);
    Weaver weaver = new Weaver(hooks);
    byte[] woven = weaver.weave(name, bytes);
    for (Hook hook : hooks) {
      if (hook.owner().equals(name)
          && !weaver.isWoven(hook)
          && !isOther(weaver, hook)
          && (weaver.saw(hook.method()) || !NettyHooks.isRecent(hook))) {
        lacks(name, name.substring(name.lastIndexOf('/') + 1) + "." + hook.method());
      }
    }
    return woven;
  }

  /** Whether the method is there in its other shape. */
  private static boolean isOther(Weaver weaver, Hook hook) {
    if (!UringHooks.isEither(hook)) {
      return false;
    }
    for (Hook other : UringHooks.ALL) {
      if (other.method().equals(hook.method()) && weaver.isWoven(other)) {
        return true;
      }
    }
    return false;
  }

  private void lacks(String owner, String what) {
    if (owner.startsWith(URING)) {
      ignoreUrings.run();
      // An earlier version lacks several: one word says that it isn't observed.
      if (uringLacks.compareAndSet(false, true)) {
        missing.add("by io_uring: no ".concat(what));
      }
      return;
    }
    ignore.run();
    missing.add("by epoll: no ".concat(what));
  }
}
