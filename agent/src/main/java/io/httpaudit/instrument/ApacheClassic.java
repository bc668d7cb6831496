package io.httpaudit.instrument;

import io.httpaudit.observe.ClientCall;
import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;
import java.net.Socket;
import javax.net.ssl.SSLSocket;

/**
 * Apache HttpClient 4.4 and later, and the classic one of 5: all that is done for a call, its
 * retries, redirects and rounds of authentication included, is done by the thread that executes it.
 * The call is that thread's, beside the context that it is made in, which the application's own
 * interceptors find as ever.
 *
 * <p>Of TLS that nobody reads, a head carries the context that the call was made in. A proxy's
 * CONNECT carries nothing.
 */
final class ApacheClassic implements Library {
  private static final Property SOCKET_HOLDER = new Property("getSocketHolder()");
  private static final Property SSL_SOCKET = new Property("getSSLSocket()");
  private static final Property SOCKET = new Property("getSocket()");
  private static final Property IS_OPEN = new Property("isOpen()");
  private static final Property IS_CONNECTED = new Property("isEndpointConnected()");

  private final Observer observer;
  private final Propagation propagation;
  private final boolean of5;
  private final String room;

  /** This thread's call; null: it has none. */
  private final ThreadLocal<OngoingCall> calls = new ThreadLocal<>();

  /**
   * @param of5 whether it is 5, else 4
   */
  ApacheClassic(Observer observer, Propagation propagation, boolean of5) {
    this.observer = observer;
    this.propagation = propagation;
    this.of5 = of5;
    room = of5 ? "org/apache/hc/" : "org/apache/http/";
  }

  @Override
  public Point[] points() {
    return of5 ? pointsOf5() : pointsOf4();
  }

  private Point[] pointsOf4() {
    String clients = room + "impl/client/";
    String execute =
        "(Lorg/apache/http/HttpHost;Lorg/apache/http/HttpRequest;"
            + "Lorg/apache/http/protocol/HttpContext;)"
            + "Lorg/apache/http/client/methods/CloseableHttpResponse;";
    String connections = room + "impl/conn/";
    String connection = ")Lorg/apache/http/HttpClientConnection;";
    String address = "Ljava/net/InetSocketAddress;";
    String connect =
        "(ILjava/net/Socket;Lorg/apache/http/HttpHost;"
            + address
            + address
            + "Lorg/apache/http/protocol/HttpContext;)Ljava/net/Socket;";
    return new Point[] {
      Point.around(clients + "InternalHttpClient", "doExecute", execute, new Executes()),
      Point.around(clients + "MinimalHttpClient", "doExecute", execute, new Executes()),
      Point.around(
          connections + "PoolingHttpClientConnectionManager",
          "leaseConnection",
          "(Ljava/util/concurrent/Future;JLjava/util/concurrent/TimeUnit;" + connection,
          new Leases()),
      Point.around(
          connections + "BasicHttpClientConnectionManager",
          "getConnection",
          "(Lorg/apache/http/conn/routing/HttpRoute;Ljava/lang/Object;" + connection,
          new Leases()),
      Point.around(
          connections + "DefaultHttpClientConnectionOperator",
          "connect",
          "(Lorg/apache/http/conn/ManagedHttpClientConnection;Lorg/apache/http/HttpHost;"
              + address
              + "ILorg/apache/http/config/SocketConfig;Lorg/apache/http/protocol/HttpContext;)V",
          new Resolves()),
      Point.around(
          room + "conn/socket/PlainConnectionSocketFactory",
          "connectSocket",
          connect,
          new Connects()),
      Point.around(
          room + "conn/ssl/SSLConnectionSocketFactory", "connectSocket", connect, new Connects()),
      Point.around(
          room + "impl/DefaultBHttpClientConnection",
          "sendRequestHeader",
          "(Lorg/apache/http/HttpRequest;)V",
          new Writes(),
          1)
    };
  }

  private Point[] pointsOf5() {
    String clients = room + "client5/http/impl/classic/";
    String context = "Lorg/apache/hc/core5/http/protocol/HttpContext;";
    String execute =
        "(Lorg/apache/hc/core5/http/HttpHost;Lorg/apache/hc/core5/http/ClassicHttpRequest;"
            + context
            + ")Lorg/apache/hc/client5/http/impl/classic/CloseableHttpResponse;";
    return new Point[] {
      Point.around(clients + "InternalHttpClient", "doExecute", execute, new Executes()),
      Point.around(clients + "MinimalHttpClient", "doExecute", execute, new Executes()),
      Point.around(
          clients + "InternalExecRuntime",
          "acquireEndpoint",
          "(Ljava/lang/String;Lorg/apache/hc/client5/http/HttpRoute;Ljava/lang/Object;"
              + "Lorg/apache/hc/client5/http/protocol/HttpClientContext;)V",
          new Acquires()),
      Point.around(
          room + "client5/http/impl/io/DefaultHttpClientConnectionOperator",
          "connect",
          "",
          new Resolves()),
      Point.around(
          room + "client5/http/impl/io/DefaultManagedHttpClientConnection",
          "bind",
          "(Ljava/net/Socket;)V",
          new IsAboutToConnect(),
          1),
      Point.around(
          room + "core5/http/impl/io/DefaultBHttpClientConnection",
          "sendRequestHeader",
          "(Lorg/apache/hc/core5/http/ClassicHttpRequest;)V",
          new Writes(),
          1)
    };
  }

  /** A call, within another one if an interceptor makes it. */
  private final class Executes extends HttpAuditProbe {
    private final class Entered {
      final OngoingCall before;

      Entered(OngoingCall before) {
        this.before = before;
      }
    }

    @Override
    public Object enter(Object client, Object one, Object two) {
      Entered entered = new Entered(calls.get());
      OngoingCall call = OngoingCall.start(observer);
      if (call != null) {
        calls.set(call);
      }
      return entered;
    }

    @Override
    public void leave(Object entered, Object client, Object one, Object result, Throwable thrown) {
      if (entered instanceof Entered of && of.before != null) {
        calls.set(of.before);
      } else {
        calls.remove();
      }
    }
  }

  /** An attempt begins; a connection is waited for, which may be open. */
  private class Leases extends HttpAuditProbe {
    @Override
    public final Object enter(Object manager, Object one, Object two) {
      OngoingCall call = calls.get();
      if (call != null) {
        call.begins();
      }
      return call;
    }

    @Override
    public void leave(
        Object call, Object manager, Object one, Object connection, Throwable thrown) {
      if (call != null) {
        takes(call, IS_OPEN, connection);
      }
    }

    final void takes(Object call, Property isOpen, Object of) {
      try {
        if (Boolean.TRUE.equals(isOpen.of(of))) {
          ((OngoingCall) call).takes();
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }

  private final class Acquires extends Leases {
    @Override
    public void leave(Object call, Object runtime, Object one, Object result, Throwable thrown) {
      if (call != null && thrown == null) {
        takes(call, IS_CONNECTED, runtime);
      }
    }
  }

  /** A name is resolved, and one of its addresses after the other connected to. */
  private final class Resolves extends HttpAuditProbe {
    @Override
    public Object enter(Object operator, Object one, Object two) {
      OngoingCall call = calls.get();
      return call == null ? null : call.resolves();
    }
  }

  /** Makes the attempt this thread's context. */
  private Object connects() {
    OngoingCall call = calls.get();
    ClientCall attempt = call == null ? null : call.opens();
    if (attempt == null) {
      return null;
    }
    // By this thread alone, so that it is over when a head is written.
    call.opened(attempt, null);
    return HttpAudit.replace(attempt);
  }

  private final class Connects extends HttpAuditProbe {
    @Override
    public Object enter(Object factory, Object one, Object two) {
      return connects();
    }
  }

  /**
   * A connection is given the socket that it is to have, once for each address that is tried, by
   * whatever factory's; again when that is connected. What it makes this thread's context stays so
   * until {@link Resolves} is left.
   */
  private final class IsAboutToConnect extends HttpAuditProbe {
    @Override
    public Object enter(Object connection, Object socket, Object two) {
      try {
        if (HttpAudit.current() instanceof ClientCall
            && socket instanceof Socket bound
            && !bound.isConnected()) {
          connects();
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }

  /** A head is written. */
  private final class Writes extends ApacheHeads {
    private final TlsOwners owners = new TlsOwners(observer.engines());

    Writes() {
      super(propagation);
    }

    @Override
    HttpAuditContext context(Object connection, Object request) throws Throwable {
      OngoingCall call = calls.get();
      Object socket = call == null ? null : socket(connection);
      if (socket == null) {
        return null;
      }
      return socket instanceof SSLSocket && !owners.reads(socket)
          ? call.passes()
          : call.writes(null);
    }

    private Object socket(Object connection) throws Throwable {
      Object holder = SOCKET_HOLDER.of(connection);
      Object secure = SSL_SOCKET.of(holder);
      return secure != null ? secure : SOCKET.of(holder == null ? connection : holder);
    }
  }
}
