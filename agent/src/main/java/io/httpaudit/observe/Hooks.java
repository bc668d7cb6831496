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

  /** Classes that were seen when what is missing was last looked for, and what was said. */
  private int looked;

  private final List<String> said = new ArrayList<>();

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
   * What this JDK lacks, {@code Class.method}, each once, when its class was loaded: bytes or
   * connections that no hook sees. The audit thread.
   */
  public List<String> takeJdkMissing() {
    int seen = weaver.seen();
    if (seen == looked) {
      return List.of();
    }
    looked = seen;
    List<String> missing = HookCheck.missing(weaver);
    missing.removeAll(said);
    said.addAll(missing);
    return missing;
  }

  /** Whose connections are not observed, of Netty's, and why, once; null: nothing, any more. */
  public String takeMissing() {
    return transports.takeMissing();
  }
}
