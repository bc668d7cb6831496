package io.httpaudit.kernel;

import org.junit.jupiter.api.Assumptions;

/**
 * For tests that talk to the kernel: skipped, with what they lack, where the rights are not there.
 */
public final class NeedsRights {
  private NeedsRights() {}

  public static void assume() throws KernelException {
    String lacking = Rights.lacking();
    Assumptions.assumeTrue(lacking.isEmpty(), "needs " + lacking);
    Libc.load();
  }
}
