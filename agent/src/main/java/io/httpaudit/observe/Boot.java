package io.httpaudit.observe;

import java.lang.instrument.Instrumentation;
import java.lang.invoke.MethodHandles;
import java.util.Map;
import java.util.Set;

/**
 * Defines what hooks call. Names none of it, since before that no class that does can be linked.
 */
public final class Boot {
  private Boot() {}

  /**
   * Defines {@code classes} in package {@code java.lang} of java.base: no bootstrap path, so
   * class-data sharing stays on and the JVM prints nothing.
   *
   * @param classes in the order in which they need each other
   */
  public static void define(Instrumentation instrumentation, byte[]... classes)
      throws IllegalAccessException {
    instrumentation.redefineModule(
        Object.class.getModule(),
        Set.of(),
        Map.of(),
        Map.of("java.lang", Set.of(Boot.class.getModule())),
        Set.of(),
        Map.of());
    MethodHandles.Lookup inJavaLang =
        MethodHandles.privateLookupIn(Object.class, MethodHandles.lookup());
    for (byte[] bytes : classes) {
      inJavaLang.defineClass(bytes);
    }
  }
}
