package io.httpaudit.instrument;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Ways into a library's own classes, which ours can't name: resolved once, and then as fast as a
 * call. All types are {@link Object} to the caller. Any thread.
 */
final class Access {
  private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();

  private Access() {}

  /** A class of the JDK, or of {@code of}'s loader. */
  static Class<?> type(Class<?> of, String name) throws ClassNotFoundException {
    return Class.forName(name, false, of.getClassLoader());
  }

  /** The class of that name, of this one and those that it extends; null: none is. */
  static Class<?> extended(Class<?> type, String name) {
    Class<?> of = type;
    while (of != null && !of.getName().equals(name)) {
      of = of.getSuperclass();
    }
    return of;
  }

  /** Whether a class has that name, of whichever loader. */
  static ClassValue<Boolean> named(String name) {
    return new ClassValue<>() {
      @Override
      protected Boolean computeValue(Class<?> type) {
        return type.getName().equals(name);
      }
    };
  }

  private static MethodHandles.Lookup in(Class<?> owner) throws IllegalAccessException {
    HttpAudit.open(owner, Access.class.getModule());
    return MethodHandles.privateLookupIn(owner, LOOKUP);
  }

  /** {@code Object get(Object owner)}. */
  static MethodHandle field(Class<?> owner, String name, Class<?> type)
      throws ReflectiveOperationException {
    return in(owner)
        .findGetter(owner, name, type)
        .asType(MethodType.methodType(type.isPrimitive() ? type : Object.class, Object.class));
  }

  /** {@code Object get(Object owner)} of a field whose type the library's versions differ in. */
  static MethodHandle field(Class<?> owner, String name) throws ReflectiveOperationException {
    return field(owner, name, owner.getDeclaredField(name).getType());
  }

  /** {@code Object call(Object receiver, Object…)}; a primitive stays one. */
  static MethodHandle method(Class<?> owner, String name, Class<?> result, Class<?>... parameters)
      throws ReflectiveOperationException {
    MethodHandle method =
        in(owner).findVirtual(owner, name, MethodType.methodType(result, parameters));
    return method.asType(
        method
            .type()
            .erase()
            .changeReturnType(result.isPrimitive() ? result : Object.class)
            .changeParameterType(0, Object.class));
  }

  /** {@code Object make(Object argument)}: a static method of one parameter. */
  static MethodHandle maker(Class<?> owner, String name, Class<?> parameter)
      throws ReflectiveOperationException {
    return in(owner)
        .findStatic(owner, name, MethodType.methodType(owner, parameter))
        .asType(MethodType.methodType(Object.class, Object.class));
  }

  /** {@code Object get()}: a static method without parameters. */
  static MethodHandle source(Class<?> owner, String name, Class<?> result)
      throws ReflectiveOperationException {
    return in(owner)
        .findStatic(owner, name, MethodType.methodType(result))
        .asType(MethodType.methodType(Object.class));
  }

  /** What a static method without parameters returns. */
  static Object call(Class<?> owner, String name, Class<?> result)
      throws ReflectiveOperationException {
    try {
      return in(owner).findStatic(owner, name, MethodType.methodType(result)).invoke();
    } catch (ReflectiveOperationException e) {
      throw e;
    } catch (Throwable e) {
      throw new ReflectiveOperationException(e);
    }
  }
}
