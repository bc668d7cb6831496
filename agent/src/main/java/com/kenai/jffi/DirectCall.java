package com.kenai.jffi;

import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * C functions whose arguments and result are words (integers or pointers of at most 64 bits),
 * called by jffi's own native methods. It lives in jffi's package because those are
 * package-private, because the native library must be loaded by a class of the same class loader
 * and module as they (JEP 472 asks for native access there, and nowhere else), and because jffi's
 * own search for its library would look at system properties, leave a file behind, and, where the
 * application brings a jffi of its own, initialize that one first.
 *
 * <p>Any thread, after {@link #load} has returned.
 */
public final class DirectCall {
  /** By number of arguments: 64 bits each, and the result. */
  private static final long[] CONTEXT = new long[7];

  private static Foreign foreign;
  private static long program;

  private DirectCall() {}

  /**
   * Loads jffi's native library, once.
   *
   * @param file absolute path; may be deleted afterwards
   * @throws UnsatisfiedLinkError the file can't be mapped as a library, or is another version's
   */
  @SuppressWarnings("restricted") // since JDK 24 (JEP 472); the agent gives this module the access
  public static void load(String file) throws ReflectiveOperationException {
    System.load(file);
    // Says that the library is there: jffi's own search is not run.
    Field loaded = Init.class.getDeclaredField("loaded");
    loaded.setAccessible(true);
    loaded.setBoolean(null, true);
    foreign = Foreign.getInstance();
    long word = foreign.lookupBuiltinType(Foreign.TYPE_SINT64);
    for (int count = 0; count < CONTEXT.length; count++) {
      long[] words = new long[count];
      Arrays.fill(words, word);
      CONTEXT[count] = foreign.newCallContext(word, words, count << 16);
    }
    program = Foreign.dlopen(null, Foreign.RTLD_LAZY);
  }

  /**
   * Address of a function among those that the process has loaded.
   *
   * @throws UnsatisfiedLinkError there is none of this name
   */
  public static long symbol(String name) {
    return Foreign.dlsym(program, name);
  }

  public static long call(long function) {
    return Foreign.invokeL0(CONTEXT[0], function);
  }

  public static long call(long function, long a) {
    return Foreign.invokeL1(CONTEXT[1], function, a);
  }

  public static long call(long function, long a, long b) {
    return Foreign.invokeL2(CONTEXT[2], function, a, b);
  }

  public static long call(long function, long a, long b, long c) {
    return Foreign.invokeL3(CONTEXT[3], function, a, b, c);
  }

  public static long call(long function, long a, long b, long c, long d) {
    return Foreign.invokeL4(CONTEXT[4], function, a, b, c, d);
  }

  public static long call(long function, long a, long b, long c, long d, long e) {
    return Foreign.invokeL5(CONTEXT[5], function, a, b, c, d, e);
  }

  public static long call(long function, long a, long b, long c, long d, long e, long f) {
    return Foreign.invokeL6(CONTEXT[6], function, a, b, c, d, e, f);
  }

  /** {@code errno} as the last call of this thread left it. */
  public static int errno() {
    return Foreign.getLastError();
  }

  /** Memory as a buffer, which neither owns it nor counts as the application's direct memory. */
  public static ByteBuffer buffer(long address, int capacity) {
    return foreign.newDirectByteBuffer(address, capacity);
  }
}
