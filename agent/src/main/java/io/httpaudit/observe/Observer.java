package io.httpaudit.observe;

import io.httpaudit.capture.Admission;
import io.httpaudit.correlate.JvmEvents;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.SocketError;
import io.httpaudit.enrich.AwaitingSpan;
import io.httpaudit.enrich.Beside;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.trace.Propagation;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.Channel;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the hooks tell, by file descriptor: connections, their bytes, their messages. Only sockets
 * that were seen to connect or to be accepted are followed; pipes, files and AF_UNIX sockets pass
 * through the same methods of the JDK.
 *
 * <p>On the application's threads. No lock, and no allocation but at a connection's begin.
 */
public final class Observer extends HttpAuditSink {
  private static final int RING_BYTES = 1 << 22;

  /** Stands for a connection of our own threads. */
  private static final Object OURS = new Object();

  private final Admission admission;
  private final Propagation propagation;

  /** Null: no spans, so no contexts. */
  private final Tracer tracer;

  private final Beside beside;

  private final ThreadGroup ownThreads;
  private final EventRing ring;
  private final Events events;
  private final AtomicLong numbers = new AtomicLong();
  private final Engines engines = new Engines();

  /** Until native calls work, no others are known. */
  private volatile ErrorTexts errorTexts = ErrorTexts.ENGLISH;

  /** Stands for a datagram socket while it connects: that passes the same method. */
  private static final Object DATAGRAM = new Object();

  /** Stands for a socket while it is in connect(2), entered at this nanoTime. */
  private record Connecting(long entry, InetAddress peer, int port) {}

  /** A value is a Connection, the Endpoint of a listener, or one of the three above. */
  private final Descriptors descriptors = new Descriptors();

  /**
   * Values are Submissions, each the descriptor's for good: whoever has its number next uses it
   * again. Not a connection's, whose size counts.
   */
  private final Descriptors submissions = new Descriptors();

  /**
   * @param propagation how requests carry contexts
   * @param tracer null: no contexts are made
   * @param beside the application's own OpenTelemetry
   * @param ownThreads whose connections are not the application's
   * @param quarterFull wakes whoever drains, called when much waits
   */
  public Observer(
      Admission admission,
      Propagation propagation,
      Tracer tracer,
      Beside beside,
      ThreadGroup ownThreads,
      Runnable quarterFull) {
    this.admission = admission;
    this.propagation = propagation;
    this.tracer = tracer;
    this.beside = beside;
    this.ownThreads = ownThreads;
    ring = new EventRing(RING_BYTES, quarterFull);
    events = new Events(ring);
  }

  /** Passes at most {@code limit} events; returns how many. The audit thread alone. */
  public int drain(JvmEvents to, int limit) {
    return events.drain(to, limit);
  }

  /**
   * Positions of the ring of events: what is below {@code written} now was drained once {@code
   * drained} is as far.
   */
  public long written() {
    return ring.written();
  }

  public long drained() {
    return ring.drained();
  }

  /** Events that found no room. */
  public long lost() {
    return ring.refused();
  }

  /**
   * Whether a hook told of this descriptor: a connection, a listener, or one of our own threads'.
   */
  public boolean knows(int fd) {
    return descriptors.get(fd) != null;
  }

  /** Numbers of the connections that are open now, ascending. The audit thread. */
  public long[] openConnections() {
    long[] numbers = new long[256];
    int count = 0;
    int limit = descriptors.limit();
    for (int fd = 0; fd < limit; fd++) {
      Connection connection = connection(fd);
      if (connection != null) {
        if (count == numbers.length) {
          numbers = Arrays.copyOf(numbers, 2 * count);
        }
        numbers[count++] = connection.number();
      }
    }
    Arrays.sort(numbers, 0, count);
    return Arrays.copyOf(numbers, count);
  }

  Events events() {
    return events;
  }

  Propagation propagation() {
    return propagation;
  }

  /** Null: no contexts are made. */
  Tracer tracer() {
    return tracer;
  }

  // ---- what libraries know

  /**
   * The context of the request that a server's thread begins to handle, by its connection's
   * channel; null: it is not certain which that is. It is given once.
   */
  public HttpAuditContext handled(Channel channel) {
    Connection connection = connection(HttpAudit.descriptor(channel));
    ServedRequest request = connection == null ? null : connection.handled();
    // A channel that was closed meanwhile may have found another one under its number.
    if (request == null || !channel.isOpen()) {
      beside.handlesUnknown();
      return null;
    }
    beside.handles(request.connection.number(), request.index);
    return request;
  }

  /** Whether this JVM is the server of the connection of this descriptor, which may be -1. */
  public boolean serves(int fd) {
    Connection connection = connection(fd);
    return connection != null && connection.isServed();
  }

  /**
   * The context of the next request of a connection, which a library's decoder passes on just now,
   * on the thread that reads: whoever decodes them in the order of the bytes is told of each, also
   * of those that are pipelined. Null: not certain.
   *
   * @param fd of the connection's socket, which this thread alone may close
   * @param message what it was decoded into, by which {@link #decodedInto} finds it
   */
  public HttpAuditContext decoded(int fd, Object message, String target) {
    Connection connection = connection(fd);
    return connection == null ? null : connection.decoded(message, target.hashCode());
  }

  /**
   * The context of the request of whose body the decoder passes on a part.
   *
   * @param last whether nothing of it follows
   */
  public HttpAuditContext decoding(int fd, boolean last) {
    Connection connection = connection(fd);
    return connection == null ? null : connection.decoding(last);
  }

  /** The context of the request that was decoded into this; null: none, or it is answered. */
  public HttpAuditContext decodedInto(int fd, Object message) {
    Connection connection = connection(fd);
    return connection == null || message == null ? null : connection.decodedInto(message);
  }

  /** Connection and index of the request that this thread handles; null: not known. */
  public long[] serving() {
    return HttpAudit.current() instanceof ServedRequest request
        ? new long[] {request.connection.number(), request.index}
        : null;
  }

  /** A SERVER span of the application's own was started on this thread, which handles none yet. */
  public void awaitsRequest(AwaitingSpan span) {
    beside.awaits(span);
  }

  /**
   * Whether a context is a request's that asked for this target. A thread's may be another one's,
   * where the application itself calls back whoever waits.
   *
   * @param path as it was sent, or the whole target
   * @param query likewise; null or empty: there is none
   */
  public boolean isFor(HttpAuditContext context, String path, String query) {
    return context instanceof ServedRequest request && request.isFor(path, query);
  }

  /** The route of a request, of which {@link #handled} gave the context. */
  public void route(HttpAuditContext handled, String route) {
    if (handled instanceof ServedRequest request) {
      events.route(request.connection.number(), request.index, route);
    }
  }

  /**
   * A call starts on this thread, in its context. Null: there are no contexts, or the application
   * makes its spans itself.
   *
   * <p>What then is done for it is said by the methods below, each of which gives the attempt that
   * it is done for: the call itself, or, once that was tried with a connection, its next attempt, a
   * span of its own. So no span's id is ever sent twice.
   */
  public ClientCall call() {
    return call(HttpAudit.current());
  }

  /** A call starts now in the context of {@code parent}, which may be null. */
  public ClientCall call(HttpAuditContext parent) {
    return tracer == null || beside.isActive() ? null : tracer.call(parent, System.nanoTime());
  }

  /** The same call is tried again, or goes on elsewhere: a span of its own. */
  public ClientCall again(ClientCall call) {
    return tracer.again(call, System.nanoTime());
  }

  /** An attempt begins. */
  public ClientCall attempt(ClientCall call) {
    return call.isUsed() ? again(call) : call;
  }

  /** Names that this thread resolves with the call as its context are its peer's. */
  public ClientCall resolves(ClientCall call) {
    ClientCall attempt = attempt(call);
    attempt.stage = ClientCall.RESOLVES;
    return attempt;
  }

  /** A connection that was open was taken for it, just now. */
  public ClientCall takes(ClientCall call) {
    ClientCall attempt = attempt(call);
    attempt.stage = ClientCall.TAKEN;
    tell(attempt, System.nanoTime());
    return attempt;
  }

  /** What this thread connects to with the call as its context is connected to for it. */
  public ClientCall connects(ClientCall call) {
    ClientCall attempt = attempt(call);
    attempt.stage = ClientCall.CONNECTS;
    return attempt;
  }

  /** This thread has opened the connection: what it resolves or connects to now is not for it. */
  public void connected(ClientCall call) {
    if (call.stage == ClientCall.CONNECTS) {
      call.stage = ClientCall.CONNECTED;
    }
  }

  /** Whether a connection is opened for this attempt, or was, and its head is not written. */
  public boolean isConnecting(ClientCall call) {
    return call.stage == ClientCall.CONNECTS || call.stage == ClientCall.CONNECTED;
  }

  /** Whether its head was written: its ids are used up. */
  public boolean isSent(ClientCall call) {
    return call.stage == ClientCall.SENT;
  }

  /** Its head is about to be written. */
  public ClientCall writes(ClientCall call) {
    return call.stage == ClientCall.SENT ? again(call) : call;
  }

  /**
   * A call's head is about to be written, with its ids: what then is sent is known by these.
   *
   * @return false: there is no room to tell, or they were used before, so they must not be sent
   */
  public boolean sends(ClientCall call) {
    if (call.stage == ClientCall.SENT) {
      return false;
    }
    // A connection that was opened for it was not taken, though nobody knows yet which one it is.
    long taken = isConnecting(call) ? 0 : System.nanoTime();
    call.stage = ClientCall.SENT;
    return tell(call, taken);
  }

  /**
   * A head is about to be written of which we tell no span: what is tried next is another attempt.
   *
   * @return what it carries, the context that the call was made in; null: none
   */
  public HttpAuditContext passes(ClientCall call) {
    call.stage = ClientCall.SENT;
    return parent(call);
  }

  /**
   * The context that the call was made in; null: none.
   *
   * @return its ids alone: the context itself is not kept
   */
  public HttpAuditContext parent(ClientCall call) {
    return call.parent == 0 ? null : new PassedOn(call, call.parent);
  }

  private boolean tell(ClientCall call, long taken) {
    if (!call.told) {
      call.told = events.call(call, taken);
    }
    return call.told;
  }

  /** The call for which this thread resolves or connects; null: none. */
  private static ClientCall opening() {
    return HttpAudit.current() instanceof ClientCall call
            && (call.stage == ClientCall.RESOLVES || call.stage == ClientCall.CONNECTS)
        ? call
        : null;
  }

  /** Whether {@link #resolved} would tell anybody. */
  public boolean resolves() {
    return opening() != null;
  }

  /** A name was resolved on this thread between these nanoTimes. */
  public void resolved(long start, long end) {
    ClientCall call = opening();
    if (call != null && tell(call, 0)) {
      events.resolved(call, start, end);
    }
  }

  /** The span of the call for which this thread connects; 0: none. */
  private long connectingCall() {
    ClientCall call = opening();
    return call != null && call.stage == ClientCall.CONNECTS && tell(call, 0) ? call.spanId : 0;
  }

  /** The TLS engines of this JVM. */
  public Engines engines() {
    return engines;
  }

  /** Forgets what was collected. Now and then, on a thread of ours. */
  public void sweep() {
    engines.sweep();
  }

  /** A number for a connection that no hook saw. */
  public long nextNumber() {
    return numbers.incrementAndGet();
  }

  @Override
  public Connection connection(int fd) {
    return descriptors.get(fd) instanceof Connection connection ? connection : null;
  }

  @Override
  public void beforeWrite(Object connection, long address, int length, int vectors) {
    ((Connection) connection).out().hold(address, length, vectors);
  }

  @Override
  public void beforeNativeWrite(Object connection, long address, int length, int vectors) {
    if (connection != null) {
      ((Connection) connection).out().announce(address, length, vectors);
    }
  }

  @Override
  public void afterWrite(Object connection, int fd, long address, int vectors, long n) {
    if (connection == null) {
      return;
    }
    Connection of = (Connection) connection;
    if (n <= 0) {
      of.out().notMoved();
    } else if (of.out().moved(address, vectors, n)) {
      tcpInfo(fd, of);
    }
  }

  @Override
  public void afterRead(Object connection, int fd, long address, int vectors, long n) {
    if (connection == null) {
      return;
    }
    Connection of = (Connection) connection;
    if (n == -1) {
      of.in().endOfStream();
    } else if (n > 0 && of.in().moved(address, vectors, n)) {
      tcpInfo(fd, of);
    }
  }

  @Override
  public void submitted(int fd, long address, int length, int vectors) {
    Connection connection = connection(fd);
    if (connection != null) {
      Submission submission = (Submission) submissions.get(fd);
      if (submission == null) {
        submission = new Submission();
        submissions.replace(fd, submission);
      }
      submission.set(address, length, vectors);
      if (vectors >= 0) {
        connection.out().announce(address, length, vectors);
      }
    }
  }

  @Override
  public void completed(int fd, long n) {
    Connection connection = connection(fd);
    Submission submission = (Submission) submissions.get(fd);
    if (connection != null && submission != null && submission.moved(connection.out(), n)) {
      tcpInfo(fd, connection);
    }
  }

  @Override
  public void afterUnseenWrite(int fd, long n) {
    Connection connection = n > 0 ? connection(fd) : null;
    if (connection != null && connection.out().movedUnseen(n)) {
      tcpInfo(fd, connection);
    }
  }

  @Override
  public void afterUrgentWrite(int fd) {
    Connection connection = connection(fd);
    if (connection != null) {
      connection.out().movedUrgent();
    }
  }

  @Override
  public void afterUnseenRead(int fd, long n) {
    Connection connection = n > 0 ? connection(fd) : null;
    if (connection != null && connection.in().movedUnseen(n)) {
      tcpInfo(fd, connection);
    }
  }

  private void tcpInfo(int fd, Connection connection) {
    if (!admission.wantsTcpInfo() || descriptors.get(fd) != connection) {
      return;
    }
    long[] info = new long[2];
    if (admission.tcpInfo(fd, info)) {
      events.tcpInfo(connection.number(), info[0], info[1]);
    }
  }

  @Override
  public void failed(Object connection, boolean read, Throwable cause) {
    if (connection == null) {
      return;
    }
    Connection of = (Connection) connection;
    if (read) {
      of.in().failed(error(cause));
    } else {
      of.out().failed(error(cause));
      of.out().notMoved();
    }
  }

  /** Of the JDK's own messages, and of the C library's. */
  private SocketError error(Throwable cause) {
    SocketError error = ErrorTexts.ENGLISH.of(cause);
    return error == SocketError.OTHER ? errorTexts.of(cause) : error;
  }

  /** What the C library says in the language of this process. */
  public void errorTexts(ErrorTexts texts) {
    errorTexts = texts;
  }

  private boolean ours() {
    return Thread.currentThread().getThreadGroup() == ownThreads;
  }

  @Override
  public void beforeDatagramConnect(int fd) {
    replace(fd, DATAGRAM);
  }

  private boolean wasDatagram(int fd) {
    if (descriptors.get(fd) != DATAGRAM) {
      return false;
    }
    descriptors.replace(fd, null);
    return true;
  }

  @Override
  public void beforeConnect(int fd, InetAddress peer, int port) {
    if (ours() || descriptors.get(fd) == DATAGRAM) {
      return;
    }
    admission.connecting(Endpoint.of(peer, port));
    replace(fd, new Connecting(System.nanoTime(), peer, port));
  }

  @Override
  public void afterConnect(
      int fd, InetSocketAddress local, InetAddress peer, int port, boolean connected) {
    if (wasDatagram(fd)) {
      return;
    }
    if (ours()) {
      replace(fd, OURS);
      return;
    }
    if (!(descriptors.get(fd) instanceof Connecting connecting) || local == null) {
      // Another thread closed the socket meanwhile: the number is taken, but it has no address any
      // more.
      failed(null, peer, port, System.nanoTime(), SocketError.GIVEN_UP);
      return;
    }
    open(
        fd,
        Side.CLIENT,
        Endpoint.of(local),
        Endpoint.of(peer, port),
        connecting.entry(),
        connected);
  }

  @Override
  public boolean isConnecting(int fd) {
    return descriptors.get(fd) instanceof Connecting;
  }

  @Override
  public void connectAnswered(int fd, InetSocketAddress local, Throwable failure) {
    if (descriptors.get(fd) instanceof Connecting connecting) {
      if (failure == null) {
        afterConnect(fd, local, connecting.peer(), connecting.port(), true);
      } else {
        connectFailed(fd, local, connecting.peer(), connecting.port(), failure);
      }
    }
  }

  @Override
  public void connectFinished(int fd, Throwable failure) {
    Connection connection = connection(fd);
    if (connection == null) {
      return;
    }
    if (failure == null) {
      connection.connected();
    } else if (!(failure instanceof ClosedChannelException)) {
      connection.connectFailed(error(failure));
    }
  }

  @Override
  public void connectFailed(
      int fd, InetSocketAddress local, InetAddress peer, int port, Throwable cause) {
    if (wasDatagram(fd) || ours()) {
      return;
    }
    if (descriptors.replace(fd, null) instanceof Connecting connecting) {
      failed(local, peer, port, connecting.entry(), error(cause));
    } else {
      failed(null, peer, port, System.nanoTime(), SocketError.GIVEN_UP);
    }
  }

  private void failed(
      InetSocketAddress local, InetAddress peer, int port, long entry, SocketError error) {
    // Of a socket that wasn't bound the kernel has taken the address back by now; the port is still
    // told.
    Endpoint from = local == null ? new Endpoint(0, 0, 0) : Endpoint.of(local);
    events.connectFailed(
        numbers.incrementAndGet(),
        from,
        Endpoint.of(peer, port),
        0,
        entry,
        System.nanoTime(),
        error,
        connectingCall());
  }

  @Override
  public void accepted(int fd, InetSocketAddress local, InetSocketAddress peer) {
    if (!ours()) {
      open(fd, Side.SERVER, Endpoint.of(local), Endpoint.of(peer), System.nanoTime(), true);
    }
  }

  private void open(
      int fd, Side side, Endpoint local, Endpoint peer, long entry, boolean connected) {
    long exit = System.nanoTime();
    Connection connection = new Connection(numbers.incrementAndGet(), side, this, connected);
    long flow = admission.admit(local, peer, side, connection.number());
    long call = side == Side.CLIENT ? connectingCall() : 0;
    if (!events.opened(connection.number(), side, local, peer, flow, entry, exit, call)) {
      // Whoever ends the admission would never learn of it.
      admission.withdraw(local, peer, flow, connection.number());
    }
    replace(fd, connection);
    admission.opened();
  }

  @Override
  public void listening(int fd, InetSocketAddress local) {
    if (ours()) {
      return;
    }
    Endpoint endpoint = Endpoint.of(local);
    admission.listening(endpoint);
    replace(fd, endpoint);
  }

  @Override
  public void closing(int fd) {
    end(descriptors.replace(fd, null));
  }

  /**
   * The JVM ends, and with it the sockets that nobody closed: java.net.http forgets some whose
   * handshake failed. Others are none that a line would tell of. The audit thread.
   */
  public void endThoseInVain() {
    int limit = descriptors.limit();
    for (int fd = 0; fd < limit; fd++) {
      Connection connection = connection(fd);
      if (connection != null && connection.isInVain()) {
        connection.close();
      }
    }
  }

  private void replace(int fd, Object value) {
    // A value that is still there missed its close: it is over all the same.
    end(descriptors.replace(fd, value));
  }

  private void end(Object value) {
    if (value instanceof Connection connection) {
      connection.close();
    } else if (value instanceof Endpoint listener) {
      admission.unlistening(listener);
    }
  }
}
