package io.httpaudit.observe;

import java.lang.instrument.Instrumentation;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The way in: defines what hooks call into java.base, then weaves the JDK's classes. Once, on the main thread. */
public final class Hooks {
  private final Weaver weaver;

  private Hooks(Weaver weaver) {
    this.weaver = weaver;
  }

  /**
   * Defines {@code classes} in package {@code java.lang} of java.base: no bootstrap path, so class-data sharing stays on and
   * the JVM prints nothing.
   *
   * @param classes in the order in which they need each other
   */
  public static void defineBoot(Instrumentation instrumentation, byte[]... classes)
      throws IllegalAccessException {
    instrumentation.redefineModule(
        Object.class.getModule(),
        Set.of(),
        Map.of(),
        Map.of("java.lang", Set.of(Hooks.class.getModule())),
        Set.of(),
        Map.of());
    MethodHandles.Lookup inJavaLang =
        MethodHandles.privateLookupIn(Object.class, MethodHandles.lookup());
    for (byte[] bytes : classes) {
      inJavaLang.defineClass(bytes);
    }
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
