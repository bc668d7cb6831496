package io.httpaudit.instrument;

import io.httpaudit.observe.ClientCall;
import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;
import java.lang.invoke.MethodHandle;

/**
 * {@code java.net.HttpURLConnection}, of http and https: a call starts with the first of connect,
 * getOutputStream and getInputStream, through which everything else goes, and is the thread's
 * context while one of them runs. All that is done for it, the library's own retries, redirects and
 * rounds of authentication included, is done by that thread, within them.
 *
 * <p>Where TLS hides the request, by a socket that nobody reads, there would be no span: the
 * context that the application calls in is passed on as it is. A proxy's CONNECT carries nothing.
 */
final class HttpUrlConnection implements Library {
  private static final String CONNECTION = "sun/net/www/protocol/http/HttpURLConnection";
  private static final String CLIENT = "sun/net/www/http/HttpClient";
  private static final String HTTPS = "sun/net/www/protocol/https/";

  private final Observer observer;
  private final Propagation propagation;

  HttpUrlConnection(Observer observer, Propagation propagation) {
    this.observer = observer;
    this.propagation = propagation;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around(CONNECTION, "connect", "()V", new Connects(observer)),
      Point.around(
          HTTPS + "AbstractDelegateHttpsURLConnection",
          "connect",
          "()V",
          new Works(observer, true)),
      Point.around(
          CONNECTION, "getOutputStream", "()Ljava/io/OutputStream;", new Works(observer, true)),
      Point.around(
          CONNECTION, "getInputStream", "()Ljava/io/InputStream;", new Works(observer, false)),
      Point.around(
          CLIENT,
          "New",
          "(Ljava/net/URL;Ljava/net/Proxy;IZL" + CONNECTION + ";)L" + CLIENT + ";",
          new TakesOrOpens(observer)),
      Point.around(
          HTTPS + "HttpsClient",
          "New",
          "(Ljavax/net/ssl/SSLSocketFactory;Ljava/net/URL;Ljavax/net/ssl/HostnameVerifier;"
              + "Ljava/net/Proxy;ZIL"
              + CONNECTION
              + ";)L"
              + CLIENT
              + ";",
          new TakesOrOpens(observer)),
      Point.around(CLIENT, "openServer", "()V", new Opens(observer)),
      Point.around(
          CLIENT,
          "writeRequests",
          "(Lsun/net/www/MessageHeader;Lsun/net/www/http/PosterOutputStream;)V",
          new Writes(observer, propagation),
          1)
    };
  }

  /** Of the library's classes, once they are there. */
  private static final class Path {
    static final Class<?> CLIENT;
    static final MethodHandle BUSY;
    static final MethodHandle INPUT;
    static final MethodHandle FAILURE;
    static final MethodHandle CACHED;
    static final MethodHandle SOCKET;

    static {
      try {
        Class<?> connection = Class.forName("sun.net.www.protocol.http.HttpURLConnection");
        CLIENT = Access.type(connection, "sun.net.www.http.HttpClient");
        BUSY = Access.method(connection, "isLockHeldByCurrentThread", boolean.class);
        INPUT = Access.field(connection, "inputStream", java.io.InputStream.class);
        FAILURE = Access.field(connection, "rememberedException", Exception.class);
        CACHED = Access.method(CLIENT, "isCachedConnection", boolean.class);
        SOCKET =
            Access.field(
                Access.type(CLIENT, "sun.net.NetworkClient"),
                "serverSocket",
                java.net.Socket.class);
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(e.getMessage());
      }
    }
  }

  /** A head's fields, {@code sun.net.www.MessageHeader}. None that is there is replaced. */
  private static final class Head implements Propagation.Fields<Object> {
    static final Head FIELDS = new Head();

    private static final MethodHandle COUNT;
    private static final MethodHandle KEY;
    private static final MethodHandle FIND;
    private static final MethodHandle ADD;
    private static final MethodHandle REMOVE;

    static {
      try {
        Class<?> head = Class.forName("sun.net.www.MessageHeader");
        COUNT = Access.field(head, "nkeys", int.class);
        KEY = Access.method(head, "getKey", String.class, int.class);
        FIND = Access.method(head, "findValue", String.class, String.class);
        ADD = Access.method(head, "setIfNotSet", void.class, String.class, String.class);
        REMOVE = Access.method(head, "remove", void.class, String.class);
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(e.getMessage());
      }
    }

    @Override
    public String get(Object head, String name) {
      try {
        return (String) (Object) FIND.invokeExact(head, (Object) name);
      } catch (Throwable e) {
        HttpAudit.countFault();
        // As if the application had set it: nothing is written then.
        return "";
      }
    }

    @Override
    public void set(Object head, String name, String value) {
      try {
        ADD.invokeExact(head, (Object) name, (Object) value);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }

    int count(Object head) throws Throwable {
      return (int) COUNT.invokeExact(head);
    }

    /** All behind the first {@code count}. */
    void cut(Object head, int count) throws Throwable {
      for (int last = count(head) - 1; last >= count; last--) {
        REMOVE.invokeExact(head, (Object) KEY.invokeExact(head, last));
      }
    }

    boolean isConnect(Object head) throws Throwable {
      return (Object) KEY.invokeExact(head, 0) instanceof String line
          && line.startsWith("CONNECT ");
    }
  }

  /** Around what the application calls. */
  private static class Works extends HttpAuditProbe {
    private final Observer observer;

    /** Whether the call goes on when this has returned. */
    private final boolean goesOn;

    Works(Observer observer, boolean goesOn) {
      this.observer = observer;
      this.goesOn = goesOn;
    }

    @Override
    public Object enter(Object connection, Object one, Object two) {
      try {
        // With the lock, we are within another of these.
        if ((boolean) Path.BUSY.invokeExact(connection)
            || (Object) Path.INPUT.invokeExact(connection) != null
            || (Object) Path.FAILURE.invokeExact(connection) != null) {
          return null;
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
      Object replaced = HttpAudit.runs(connection);
      if (replaced != null && HttpAudit.current() instanceof ClientCall) {
        return replaced;
      }
      HttpAudit.restore(replaced);
      ClientCall call = observer.call();
      return call == null ? null : HttpAudit.replace(call);
    }

    @Override
    public void leave(
        Object replaced, Object connection, Object one, Object result, Throwable thrown) {
      if (replaced != null && goesOn && thrown == null) {
        HttpAudit.registered(connection);
      }
      HttpAudit.restore(replaced);
    }
  }

  /** Of https it is part of another one, which goes on when this has returned. */
  private static final class Connects extends Works {
    Connects(Observer observer) {
      super(observer, true);
    }

    @Override
    public Object enter(Object connection, Object one, Object two) {
      return connection instanceof java.net.HttpURLConnection of
              && "https".equalsIgnoreCase(of.getURL().getProtocol())
          ? null
          : super.enter(connection, one, two);
    }
  }

  /** The call of the connection that this thread works for; null: there is none. */
  private static ClientCall call() {
    return HttpAudit.current() instanceof ClientCall call ? call : null;
  }

  /**
   * Makes an attempt the thread's context until the method that the application called has
   * returned.
   */
  private static void becomes(ClientCall attempt) {
    HttpAudit.replace(attempt);
  }

  /** A connection is looked for among those kept alive, or else opened. */
  private static final class TakesOrOpens extends HttpAuditProbe {
    private final Observer observer;

    TakesOrOpens(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object self, Object one, Object two) {
      ClientCall call = call();
      if (call != null) {
        becomes(observer.attempt(call));
      }
      return null;
    }

    @Override
    public void leave(Object entered, Object self, Object one, Object client, Throwable thrown) {
      try {
        ClientCall call = call();
        if (call != null && client != null && (boolean) Path.CACHED.invokeExact(client)) {
          becomes(observer.takes(call));
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }

  /** A name is resolved, if need be, and a connection opened. */
  private static final class Opens extends HttpAuditProbe {
    private final Observer observer;

    Opens(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object client, Object one, Object two) {
      ClientCall call = call();
      if (call != null) {
        becomes(observer.connects(call));
      }
      return null;
    }

    /** A proxy that wants to know who asks makes the library resolve more names. */
    @Override
    public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {
      ClientCall call = call();
      if (call != null) {
        observer.connected(call);
      }
    }
  }

  /** A head is written. What it has of ours, it has only meanwhile: the application may look. */
  private static final class Writes extends HttpAuditProbe {
    private final Observer observer;
    private final Propagation propagation;
    private final TlsOwners owners;

    Writes(Observer observer, Propagation propagation) {
      this.observer = observer;
      this.propagation = propagation;
      owners = new TlsOwners(observer.engines());
    }

    @Override
    public Object enter(Object client, Object head, Object two) {
      try {
        if (Head.FIELDS.isConnect(head)) {
          return null;
        }
        HttpAuditContext context = context(client);
        if (context == null) {
          return null;
        }
        Integer own = Head.FIELDS.count(head);
        propagation.inject(context, head, Head.FIELDS, null);
        return own;
      } catch (Throwable e) {
        HttpAudit.countFault();
        return null;
      }
    }

    /** What is written; null: nothing. */
    private HttpAuditContext context(Object client) throws Throwable {
      ClientCall call = call();
      if (call == null) {
        return null;
      }
      if (client.getClass() != Path.CLIENT
          && !owners.reads((Object) Path.SOCKET.invokeExact(client))) {
        return observer.passes(call);
      }
      ClientCall attempt = observer.writes(call);
      becomes(attempt);
      return observer.sends(attempt) ? attempt : null;
    }

    @Override
    public void leave(Object own, Object client, Object head, Object result, Throwable thrown) {
      if (own instanceof Integer count) {
        try {
          Head.FIELDS.cut(head, count);
        } catch (Throwable e) {
          HttpAudit.countFault();
        }
      }
    }
  }
}
