package io.httpaudit.instrument;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;

/**
 * What a library's objects keep, in a field or behind a method that takes nothing, of whatever
 * loader's classes; nothing of those is kept here. Any thread; once a class was looked at, without
 * allocation.
 */
final class Property {
  private final String[] names;

  private final ClassValue<MethodHandle> ways =
      new ClassValue<>() {
        @Override
        protected MethodHandle computeValue(Class<?> of) {
          for (String name : names) {
            for (Class<?> owner = of; owner != null; owner = owner.getSuperclass()) {
              try {
                return way(owner, name);
              } catch (ReflectiveOperationException e) {
                // Perhaps further up, or by another name.
              }
            }
          }
          return null;
        }
      };

  /** By the first of these names that there is; a method's ends with {@code ()}. */
  Property(String... names) {
    this.names = names;
  }

  private static MethodHandle way(Class<?> owner, String name) throws ReflectiveOperationException {
    MethodHandle way =
        name.endsWith("()")
            ? method(owner, name.substring(0, name.length() - 2))
            : Access.field(owner, name);
    return way.asType(MethodType.methodType(Object.class, Object.class));
  }

  private static MethodHandle method(Class<?> owner, String name)
      throws ReflectiveOperationException {
    return Access.method(owner, name, owner.getDeclaredMethod(name).getReturnType());
  }

  /** Whether a class's objects have it. */
  boolean isOf(Class<?> type) {
    return ways.get(type) != null;
  }

  /** Null: that is its value, or a version has it otherwise. */
  Object of(Object owner) throws Throwable {
    MethodHandle way = owner == null ? null : ways.get(owner.getClass());
    return way == null ? null : (Object) way.invokeExact(owner);
  }
}
