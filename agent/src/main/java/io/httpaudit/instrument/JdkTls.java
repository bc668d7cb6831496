package io.httpaudit.instrument;

import io.httpaudit.observe.Engines;
import io.httpaudit.observe.Records;
import io.httpaudit.observe.TlsEnd;
import java.io.InterruptedIOException;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;

/**
 * The JDK's own TLS: its {@code SSLEngine}, and its {@code SSLSocket}, which encrypts and decrypts
 * a record at a time. Of a socket, what is known of both directions is found by the hash of its
 * handshake, which they share; of an engine, by itself.
 */
final class JdkTls implements Library {
  private static final String SSL = "sun/security/ssl/";
  private static final String BUFFERS = "[Ljava/nio/ByteBuffer;";
  private static final String RESULT = "Ljavax/net/ssl/SSLEngineResult;";

  private final Engines engines;

  JdkTls(Engines engines) {
    this.engines = engines;
  }

  @Override
  public Point[] points() {
    String call = "(" + BUFFERS + "II" + BUFFERS + "II)" + RESULT;
    return new Point[] {
      Point.aroundParts(
          SSL + "SSLEngineImpl", "wrap", call, new TlsEngineCall(engines, true), 1, 4),
      Point.aroundParts(
          SSL + "SSLEngineImpl", "unwrap", call, new TlsEngineCall(engines, false), 4, 1),
      Point.around(SSL + "SSLSocketOutputRecord", "deliver", "([BII)V", new Delivers()),
      Point.around(
          SSL + "OutputRecord",
          "encrypt",
          "(L" + SSL + "SSLCipher$SSLWriteCipher;BI)J",
          new Encrypts(),
          1),
      Point.around(
          SSL + "SSLSocketInputRecord",
          "decode",
          "(" + BUFFERS + "II)[L" + SSL + "Plaintext;",
          new Decodes()),
      Point.around(
          SSL + "TransportContext",
          "finishHandshake",
          "()Ljavax/net/ssl/SSLEngineResult$HandshakeStatus;",
          new Finishes()),
      Point.around(
          SSL + "TransportContext",
          "fatal",
          "(L"
              + SSL
              + "Alert;Ljava/lang/String;ZLjava/lang/Throwable;)Ljavax/net/ssl/SSLException;",
          new Fails(),
          1,
          2),
    };
  }

  /** What the two directions of a socket share. */
  private MethodHandle outHash;

  private MethodHandle inHash;

  private MethodHandle outHash(Object record) throws ReflectiveOperationException {
    if (outHash == null) {
      Class<?> owner = Access.type(record.getClass(), "sun.security.ssl.OutputRecord");
      outHash = Access.field(owner, "handshakeHash");
    }
    return outHash;
  }

  private MethodHandle inHash(Object record) throws ReflectiveOperationException {
    if (inHash == null) {
      Class<?> owner = Access.type(record.getClass(), "sun.security.ssl.InputRecord");
      inHash = Access.field(owner, "handshakeHash");
    }
    return inHash;
  }

  private TlsEnd ofOutput(Object record) throws Throwable {
    return engines.of((Object) outHash(record).invokeExact(record));
  }

  private TlsEnd ofInput(Object record) throws Throwable {
    return engines.of((Object) inHash(record).invokeExact(record));
  }

  private abstract static class Probe extends HttpAuditProbe {
    abstract Object enters(Object self, Object one, Object two) throws Throwable;

    @Override
    public final Object enter(Object self, Object one, Object two) {
      try {
        return enters(self, one, two);
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
    }
  }

  /** The application's bytes, cut into records, each of which is encrypted. */
  private final class Delivers extends Probe {
    @Override
    Object enters(Object self, Object one, Object two) throws Throwable {
      TlsEnd end = ofOutput(self);
      end.out().isApplication(true);
      return end;
    }

    @Override
    public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {
      if (entered instanceof TlsEnd end) {
        end.out().isApplication(false);
      }
    }
  }

  /** A record lies in the buffer of {@code self}, a ByteArrayOutputStream. */
  private final class Encrypts extends Probe {
    private static final int HEADER = 5;

    private MethodHandle buffer;
    private MethodHandle count;
    private MethodHandle nonce;

    @Override
    Object enters(Object self, Object one, Object two) throws Throwable {
      if (nonce == null) {
        Class<?> stream = java.io.ByteArrayOutputStream.class;
        buffer = Access.field(stream, "buf", byte[].class);
        count = Access.field(stream, "count", int.class);
        Class<?> cipher = Access.type(one.getClass(), "sun.security.ssl.SSLCipher$SSLWriteCipher");
        nonce = Access.method(cipher, "getExplicitNonceSize", int.class);
      }
      TlsEnd end = ofOutput(self);
      int from = HEADER + (int) nonce.invokeExact(one);
      end.out()
          .holds((byte[]) (Object) buffer.invokeExact(self), from, (int) count.invokeExact(self));
      return end;
    }

    @Override
    public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {
      if (entered instanceof TlsEnd end) {
        try {
          byte[] record = (byte[]) (Object) buffer.invokeExact(self);
          end.out().encrypted(record, (int) count.invokeExact(self), thrown != null);
        } catch (Throwable e) {
          HttpAudit.countFault();
        }
      }
    }
  }

  /** Reads a record from the socket, and decrypts it. */
  private final class Decodes extends Probe {
    private static final int HEADER = 5;
    private static final byte ALERT = 21;
    private static final byte APPLICATION_DATA = 23;

    private MethodHandle header;
    private MethodHandle contentType;
    private MethodHandle fragment;

    @Override
    Object enters(Object self, Object one, Object two) throws Throwable {
      if (fragment == null) {
        header = Access.field(self.getClass(), "header", byte[].class);
        Class<?> plaintext = Access.type(self.getClass(), "sun.security.ssl.Plaintext");
        contentType = Access.field(plaintext, "contentType", byte.class);
        fragment = Access.field(plaintext, "fragment", ByteBuffer.class);
      }
      return ofInput(self);
    }

    @Override
    public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {
      if (!(entered instanceof TlsEnd end)) {
        return;
      }
      try {
        if (thrown instanceof InterruptedIOException) {
          // A timeout: what was read so far is kept for the next call.
          return;
        }
        if (thrown != null) {
          end.in().lose();
        } else if (result instanceof Object[] plaintexts) {
          decoded(end.in(), (byte[]) (Object) header.invokeExact(self), plaintexts);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
        end.in().lose();
      }
    }

    private void decoded(Records in, byte[] head, Object[] plaintexts) throws Throwable {
      if (head[0] < 0) {
        // SSL 2.0's way to say ClientHello.
        in.lose();
        return;
      }
      int bytes = HEADER + ((head[3] & 0xFF) << 8 | head[4] & 0xFF);
      Object only = plaintexts.length == 1 ? plaintexts[0] : null;
      byte type = only == null ? 0 : (byte) contentType.invokeExact(only);
      ByteBuffer holds = only == null ? null : (ByteBuffer) (Object) fragment.invokeExact(only);
      in.decrypted(head[0], bytes, type == APPLICATION_DATA ? holds : null);
      if (type == ALERT && holds.remaining() >= 2 && holds.get(holds.position() + 1) == 0) {
        in.closeNotify();
      }
    }
  }

  /** The state of what {@code context}, a TransportContext, is of. */
  private final class Owner {
    private MethodHandle transport;
    private MethodHandle output;
    private MethodHandle protocol;

    TlsEnd of(Object context) throws Throwable {
      if (protocol == null) {
        Class<?> type = context.getClass();
        transport = Access.field(type, "transport");
        output = Access.field(type, "outputRecord");
        protocol = Access.field(type, "applicationProtocol", String.class);
      }
      Object of = (Object) transport.invokeExact(context);
      return of instanceof javax.net.ssl.SSLEngine
          ? engines.of(of)
          : ofOutput((Object) output.invokeExact(context));
    }

    String protocol(Object context) throws Throwable {
      Object chosen = (Object) protocol.invokeExact(context);
      return chosen == null ? "" : (String) chosen;
    }
  }

  private final Owner owner = new Owner();

  private final class Finishes extends Probe {
    @Override
    Object enters(Object self, Object one, Object two) throws Throwable {
      TlsEnd end = owner.of(self);
      end.protocol(owner.protocol(self));
      end.finished();
      return null;
    }
  }

  private final class Fails extends Probe {
    private MethodHandle name;

    @Override
    Object enters(Object self, Object one, Object two) throws Throwable {
      if (name == null) {
        name = Access.field(one.getClass(), "description", String.class);
      }
      boolean received = two instanceof String text && text.startsWith("Received fatal alert");
      owner.of(self).alert((String) (Object) name.invokeExact(one), received);
      return null;
    }
  }
}
