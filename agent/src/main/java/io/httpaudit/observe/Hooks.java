package io.httpaudit.observe;

import java.lang.instrument.Instrumentation;
import java.util.ArrayList;
import java.util.List;

/**
 * The way in: weaves the JDK's classes, and Netty's transports. Once, on the main thread, after
 * {@link Boot#define}.
 */
public final class Hooks {
  private final Weaver weaver = new Weaver();
  private final NettyTransports transports =
      new NettyTransports(HttpAudit::ignoreNatives, HttpAudit::ignoreUrings);

  /**
   * Weaves the hooks into classes as they load. Before the agent has threads of its own: a class
   * that one of them is loading at this moment would be neither woven as it loads nor among the
   * loaded ones.
   *
   * @param sink gets the calls from now on
   */
  public Hooks(Instrumentation instrumentation, HttpAuditSink sink) {
    HttpAudit.connect(sink);
    instrumentation.addTransformer(weaver, true);
    instrumentation.addTransformer(transports, true);
  }

  /** Those of {@code loaded} that were there before, and are to be transformed again. */
  public List<Class<?>> among(Class<?>[] loaded) {
    List<Class<?>> hooked = new ArrayList<>();
    for (Class<?> type : loaded) {
      String name = type.getName().replace('.', '/');
      if (type.getClassLoader() == null ? Weaver.hooks(name) : NettyTransports.hooks(name)) {
        hooked.add(type);
      }
    }
    return hooked;
  }

  /**
   * The hooks that this JDK has no method for, once all of their classes have been loaded: bytes or
   * connections that no hook sees.
   */
  public List<String> missing() {
    List<String> missing = new ArrayList<>();
    for (Hook hook : Hook.ALL) {
      if (!weaver.isWoven(hook)) {
        missing.add(
            hook.owner().substring(hook.owner().lastIndexOf('/') + 1) + "." + hook.method());
      }
    }
    return missing;
  }

  /** Whose connections are not observed, of Netty's, and why, once; null: nothing, any more. */
  public String takeMissing() {
    return transports.takeMissing();
  }
}
