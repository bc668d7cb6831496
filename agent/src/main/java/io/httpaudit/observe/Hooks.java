package io.httpaudit.observe;

import java.lang.instrument.Instrumentation;
import java.util.ArrayList;
import java.util.List;

/** The way in: weaves the JDK's classes. Once, on the main thread, after {@link Boot#define}. */
public final class Hooks {
  private final Weaver weaver;

  private Hooks(Weaver weaver) {
    this.weaver = weaver;
  }

  /**
   * Weaves the hooks: classes as they load, and those that are loaded already.
   *
   * @param sink gets the calls from now on
   */
  public static Hooks install(Instrumentation instrumentation, HttpAuditSink sink) throws Exception {
    Weaver weaver = new Weaver();
    HttpAudit.connect(sink);
    instrumentation.addTransformer(weaver, true);
    List<Class<?>> loaded = new ArrayList<>();
    for (Class<?> type : instrumentation.getAllLoadedClasses()) {
      if (type.getClassLoader() == null && Weaver.hooks(type.getName().replace('.', '/'))) {
        loaded.add(type);
      }
    }
    if (!loaded.isEmpty()) {
      instrumentation.retransformClasses(loaded.toArray(new Class<?>[0]));
    }
    return new Hooks(weaver);
  }

  /**
   * The hooks that this JDK has no method for, once all of their classes have been loaded: bytes or connections that no hook
   * sees.
   */
  public List<String> missing() {
    List<String> missing = new ArrayList<>();
    for (Hook hook : Hook.ALL) {
      if (!weaver.isWoven(hook)) {
        missing.add(hook.owner().substring(hook.owner().lastIndexOf('/') + 1) + "." + hook.method());
      }
    }
    return missing;
  }
}
