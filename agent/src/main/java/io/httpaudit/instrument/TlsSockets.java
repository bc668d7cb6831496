package io.httpaudit.instrument;

import io.httpaudit.observe.Engines;
import java.lang.invoke.MethodHandle;

/** What a library's TLS socket moves is read, or is not. Any thread; without allocation. */
final class TlsSockets {
  private static final String JDK = "sun.security.ssl.SSLSocketImpl";

  private final Engines engines;

  TlsSockets(Engines engines) {
    this.engines = engines;
  }

  /** From the JDK's socket to what its two directions share, by which {@link JdkTls} finds it. */
  private static final class Path {
    static final MethodHandle CONTEXT;
    static final MethodHandle OUTPUT;
    static final MethodHandle HASH;

    static {
      try {
        Class<?> socket = Class.forName(JDK);
        Class<?> context = Access.type(socket, "sun.security.ssl.TransportContext");
        CONTEXT = Access.field(socket, "conContext", context);
        OUTPUT = Access.field(context, "outputRecord");
        HASH = Access.field(Access.type(socket, "sun.security.ssl.OutputRecord"), "handshakeHash");
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(e.getMessage());
      }
    }
  }

  /** Whether requests that are sent by {@code socket} are found in its bytes. */
  boolean reads(Object socket) throws Throwable {
    if (!socket.getClass().getName().equals(JDK)) {
      return false;
    }
    Object output = (Object) Path.OUTPUT.invokeExact((Object) Path.CONTEXT.invokeExact(socket));
    return engines.reads((Object) Path.HASH.invokeExact(output));
  }
}
