package io.httpaudit.instrument;

import io.httpaudit.observe.Engines;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLEngine;

/**
 * Whether what a library sends by its TLS socket or engine is read: from that object to the one by
 * which {@link Engines} knows it, of the JDK's and of Conscrypt's, which wraps its own. Any thread;
 * without allocation.
 */
final class TlsOwners {
  private static final String JDK = "sun.security.ssl.";
  private static final String CONSCRYPT = "org.conscrypt.";

  /** Netty's own around the JDK's, where protocols are negotiated. */
  private static final String NETTY_OF_JDK = "io.netty.handler.ssl.JdkSslEngine";

  /** Of a class, the fields that lead there, one by one; null: it is not known. */
  private static final ClassValue<MethodHandle[]> WAYS =
      new ClassValue<>() {
        @Override
        protected MethodHandle[] computeValue(Class<?> of) {
          try {
            return way(of);
          } catch (ReflectiveOperationException e) {
            // A version that has it otherwise.
            return null;
          }
        }
      };

  private final Engines engines;

  TlsOwners(Engines engines) {
    this.engines = engines;
  }

  private static MethodHandle[] way(Class<?> of) throws ReflectiveOperationException {
    List<MethodHandle> way = new ArrayList<>();
    String engineSocket = CONSCRYPT + "ConscryptEngineSocket";
    if (of.getName().equals(JDK + "SSLSocketImpl")) {
      // As JdkTls knows it: by what its two directions share.
      way.add(Access.field(of, "conContext"));
      way.add(Access.field(Access.type(of, JDK + "TransportContext"), "outputRecord"));
      way.add(Access.field(Access.type(of, JDK + "OutputRecord"), "handshakeHash"));
    } else if (of.getName().equals(CONSCRYPT + "Java8EngineWrapper")) {
      way.add(Access.field(of, "delegate"));
    } else if (of.getSuperclass().getName().equals(NETTY_OF_JDK)) {
      way.add(Access.field(of.getSuperclass(), "engine"));
    } else if (of.getSuperclass().getName().equals(engineSocket)) {
      way.add(Access.field(of.getSuperclass(), "engine"));
    } else if (!SSLEngine.class.isAssignableFrom(of)) {
      return null;
    }
    return way.toArray(MethodHandle[]::new);
  }

  boolean reads(Object socketOrEngine) throws Throwable {
    MethodHandle[] way = WAYS.get(socketOrEngine.getClass());
    if (way == null) {
      return false;
    }
    Object at = socketOrEngine;
    for (MethodHandle field : way) {
      at = (Object) field.invokeExact(at);
    }
    return engines.reads(at);
  }
}
