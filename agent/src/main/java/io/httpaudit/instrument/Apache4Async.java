package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import io.httpaudit.trace.Propagation;

/**
 * Apache HttpAsyncClient 4.1: a call starts with a handler of its own, on the thread that asks, and
 * that handler generates the request of each of its attempts, on whatever thread. Requests that are
 * pipelined have one handler, and each is a call.
 *
 * <p>The pool serves waiters on whoever's thread comes by, and resolves their names there. So a
 * connection's opening is told by the request for a lease that asked for it.
 *
 * <p>Of TLS that nobody reads, a head carries the context that the call was made in. Connections
 * are opened by the library's threads, for whom is not known.
 */
final class Apache4Async implements Library {
  private static final String ROOM = "org/apache/http/";
  private static final String CLIENT = ROOM + "impl/nio/client/";
  private static final String POOL = ROOM + "nio/pool/";
  private static final String REQUEST = "L" + ROOM + "HttpRequest;";

  private static final Property RESULT = new Property("getResult()");

  /** The first is without what may log beside it. */
  private static final Property SESSION = new Property("getIOSession()", "session");

  private static final Property ENGINE = new Property("sslEngine");

  private static final ClassValue<Boolean> PLAIN =
      Access.named("org.apache.http.impl.nio.reactor.IOSessionImpl");

  private final Observer observer;
  private final Propagation propagation;

  /** For which this thread looks for a connection; null: none. */
  private final ThreadLocal<OngoingCall> working = new ThreadLocal<>();

  private final ByIdentity<OngoingCall> byHandler = new ByIdentity<>();
  private final ByIdentity<OngoingCall> byLease = new ByIdentity<>();

  /** From a request's generation to its writing, which follow one another on one thread. */
  private final ByIdentity<OngoingCall> byRequest = new ByIdentity<>();

  Apache4Async(Observer observer, Propagation propagation) {
    this.observer = observer;
    this.propagation = propagation;
  }

  @Override
  public Point[] points() {
    String one = CLIENT + "DefaultClientExchangeHandlerImpl";
    String minimal = CLIENT + "MinimalClientExchangeHandlerImpl";
    String pipelining = CLIENT + "PipeliningClientExchangeHandlerImpl";
    HttpAuditProbe starts = new CallStarts(observer, byHandler);
    Generates generates = new Generates();
    String generate = "()" + REQUEST;
    return new Point[] {
      Point.around(one, "start", "()V", starts),
      Point.around(minimal, "start", "()V", starts),
      Point.around(pipelining, "start", "()V", starts),
      Point.around(one, "generateRequest", generate, generates),
      Point.around(minimal, "generateRequest", generate, generates),
      Point.around(pipelining, "generateRequest", generate, new GeneratesNext()),
      Point.around(
          CLIENT + "AbstractClientExchangeHandler", "requestConnection", "()V", new Requests()),
      Point.makes(POOL + "LeaseRequest", new Asks()),
      Point.around(
          POOL + "AbstractNIOConnPool",
          "processPendingRequest",
          "(L" + POOL + "LeaseRequest;)Z",
          new Serves(),
          1),
      Point.around(
          ROOM + "impl/nio/reactor/DefaultConnectingIOReactor", "connect", "", new Connects()),
      Point.around(
          ROOM + "impl/nio/DefaultNHttpClientConnection",
          "submitRequest",
          "(" + REQUEST + ")V",
          new Writes(),
          1)
    };
  }

  /** The request of an attempt, which is about to be written. */
  private class Generates extends HttpAuditProbe {
    @Override
    public final Object enter(Object handler, Object one, Object two) {
      return null;
    }

    @Override
    public final void leave(
        Object entered, Object handler, Object one, Object request, Throwable thrown) {
      OngoingCall call = request == null ? null : byHandler.of(handler);
      OngoingCall of = call == null ? null : of(call);
      if (of != null) {
        byRequest.add(request, of);
      }
    }

    /** Whose the request is; null: it is not known. */
    OngoingCall of(OngoingCall call) {
      return call;
    }
  }

  /** Behind the first one, each is as if it was asked for in the same context. */
  private final class GeneratesNext extends Generates {
    @Override
    OngoingCall of(OngoingCall call) {
      return call.isSent() ? call.another() : call;
    }
  }

  /** Makes a call, or none, this thread's work. Returns what was before, to be restored. */
  private OngoingCall works(OngoingCall call) {
    OngoingCall before = working.get();
    working.set(call);
    return before;
  }

  private void worksAgain(Object before) {
    if (before instanceof OngoingCall call) {
      working.set(call);
    } else {
      working.remove();
    }
  }

  /** An attempt begins. */
  private final class Requests extends HttpAuditProbe {
    @Override
    public Object enter(Object handler, Object one, Object two) {
      OngoingCall call = byHandler.of(handler);
      if (call != null) {
        call.begins();
      }
      return works(call);
    }

    @Override
    public void leave(Object before, Object handler, Object one, Object result, Throwable thrown) {
      worksAgain(before);
    }
  }

  /** A lease of a connection is asked for. */
  private final class Asks extends HttpAuditProbe {
    @Override
    public Object enter(Object lease, Object one, Object two) {
      OngoingCall call = working.get();
      if (call != null) {
        byLease.add(lease, call);
      }
      return null;
    }
  }

  /**
   * A waiter has its turn: it gets a connection, or one is to be opened for it, or it waits on. The
   * pool is locked, so that no connection is used before it is told.
   */
  private final class Serves extends HttpAuditProbe {
    private record Serving(OngoingCall call, OngoingCall before, Object replaced) {}

    @Override
    public Object enter(Object pool, Object lease, Object two) {
      OngoingCall call = byLease.of(lease);
      Object replaced = call == null ? null : call.resolves();
      return new Serving(call, works(call), replaced);
    }

    @Override
    public void leave(Object entered, Object pool, Object lease, Object result, Throwable thrown) {
      if (!(entered instanceof Serving serving)) {
        return;
      }
      worksAgain(serving.before);
      HttpAudit.restore(serving.replaced);
      try {
        if (serving.call != null && RESULT.of(lease) != null) {
          serving.call.takes();
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }

  /** A thread of the library's is asked to open a connection. */
  private final class Connects extends HttpAuditProbe {
    @Override
    public Object enter(Object reactor, Object one, Object two) {
      OngoingCall call = working.get();
      if (call != null) {
        call.opensElsewhere();
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
      OngoingCall call = byRequest.remove(request);
      return call == null ? null : isRead(connection) ? call.writes(null) : call.passes();
    }

    private boolean isRead(Object connection) throws Throwable {
      Object session = SESSION.of(connection);
      Object engine = ENGINE.of(session);
      return engine == null
          ? session != null && PLAIN.get(session.getClass())
          : owners.reads(engine);
    }
  }
}
