package io.httpaudit.capture;

import io.httpaudit.kernel.BpfMap;
import io.httpaudit.kernel.KernelException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How many listeners and admitted flows each local port has: the kernel's map {@code ports}, shared
 * by mapping it, so that no call is needed. The filter looks no further at a packet of which
 * neither port has any. A count too high costs nanoseconds, one too low costs records: whoever is
 * in doubt does not {@link #leave}.
 *
 * <p>Any thread; no lock. Never unmapped, since an application's thread may be about to write.
 */
final class Ports {
  private static final VarHandle INTS =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

  private final ByteBuffer table;

  Ports(BpfMap map) throws KernelException {
    table = map.mapped();
  }

  void use(int port) {
    INTS.getAndAdd(table, Layout.PORT * port + Layout.PORT_FLOWS, 1);
  }

  /** Undoes one {@link #use}. */
  void leave(int port) {
    INTS.getAndAdd(table, Layout.PORT * port + Layout.PORT_FLOWS, -1);
  }
}
