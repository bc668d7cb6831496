package io.httpaudit.capture;

import io.httpaudit.correlate.KernelView;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Why;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.flow.FlowTuple;
import io.httpaudit.flow.Packet;
import io.httpaudit.kernel.BpfMap;
import io.httpaudit.kernel.BpfObject;
import io.httpaudit.kernel.CallBuffer;
import io.httpaudit.kernel.Errno;
import io.httpaudit.kernel.Events;
import io.httpaudit.kernel.KernelException;
import io.httpaudit.kernel.KernelVersion;
import io.httpaudit.kernel.Libc;
import io.httpaudit.kernel.Netlink;
import io.httpaudit.kernel.PacketSocket;
import io.httpaudit.kernel.Processors;
import io.httpaudit.kernel.Rights;
import io.httpaudit.kernel.RingBuffer;
import io.httpaudit.kernel.SockDiag;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;

/**
 * The kernel side: which interfaces are tapped, which flows are admitted, and their packets.
 *
 * <p>Made on the starting thread; {@link #start}, {@link #poll}, {@link #close} and {@link
 * KernelView}'s methods belong to one thread of the agent's, the audit thread. {@link
 * io.httpaudit.capture.Admission}'s methods and {@link #wake} are for any thread; they throw
 * nothing, and wait for nothing but, the first of them, for the start, one second at most.
 *
 * <p>It never fails: what can't be had lowers the {@link #tier}, and {@link #missing} says why.
 */
public final class Capture implements Admission, KernelView, AutoCloseable {
  /**
   * Sockets opened while the right to open them is there, beside one for each interface that is up:
   * for those to come.
   */
  private static final int SPARE = 6;

  /** Each costs the JVM's end some time: no more, whatever a host has of bridges and containers. */
  private static final int MOST_SOCKETS = 32;

  /** What the first hooked call waits for the start, in nanoseconds. */
  private static final long START_WAIT = 1_000_000_000;

  /** Records handed over by one {@link #poll}. */
  private static final int BATCH = 8192;

  /** Nanoseconds between two readings of all links and addresses. */
  private static final long NEWS_INTERVAL = 50_000_000;

  /** Calls that wait for the audit thread, on kernels where only it has the right to make them. */
  private static final int DEFERRED = 8192;

  /** A longer {@link #poll} is a rest. */
  private static final int AWAKE_MILLIS = 50;

  private static final int STARTING = 0;
  private static final int UP = 1;
  private static final int DOWN = 2;

  private final Set<String> wanted;
  private final boolean keepRights;
  private final CountDownLatch nativeKnown = new CountDownLatch(1);
  private final CountDownLatch started = new CountDownLatch(1);
  private final Packet packet = new Packet();
  private final LinkNames names = new LinkNames();
  private final Routes routes = new Routes();
  private final ArrayBlockingQueue<Runnable> deferred = new ArrayBlockingQueue<>(DEFERRED);

  /** Listeners that the start kept waiting for too long. */
  private final Queue<Endpoint> early = new ConcurrentLinkedQueue<>();

  private volatile boolean nativeWorks;
  private volatile int state = STARTING;
  private volatile int tier = 4;
  private volatile Why lacking = Why.NO_NATIVE;
  private volatile String missing = "";
  private volatile long waitUntil;
  private volatile boolean resting;
  private volatile Interfaces interfaces = Interfaces.NONE;
  private volatile Thread auditThread;

  // Set by start(), before `state`.
  private Events events;
  private BpfObject filter;
  private RingBuffer ring;
  private Netlink netlink;
  private Netlink news;
  private Taps taps;
  private Listeners listeners;
  private Limits limits;
  private Candidates candidates;
  private Admissions admissions;
  private Ports ports;
  private BpfMap counters;
  private CallBuffer counterValues;
  private int cpus;
  private boolean anyThreadMayUseMaps;

  // The audit thread's.
  private boolean closed;
  private boolean more;
  private boolean newsDue;
  private long newsAt;
  private long[] finalCounts = new long[Layout.COUNTERS];
  private final RingBuffer.Records decoder = new Decoder();
  private PacketConsumer consumer;

  /**
   * @param wanted names of the interfaces that may be tapped; empty: whichever carry traffic
   * @param keepRights don't give up the capabilities
   */
  public Capture(Set<String> wanted, boolean keepRights) {
    this.wanted = wanted;
    this.keepRights = keepRights;
  }

  /**
   * Brings the kernel side up, in some 100 to 200 ms; on the audit thread, which loses its rights
   * by it.
   */
  public void start() {
    auditThread = Thread.currentThread();
    try {
      loadNative();
      if (nativeWorks) {
        events = new Events();
        tier = 3;
        lacking = Why.NO_RIGHTS;
        startFilter();
      }
    } catch (KernelException e) {
      missing = e.getMessage();
    } catch (RuntimeException | Error e) {
      missing = e.toString();
    } finally {
      try {
        if (state == STARTING) {
          state = DOWN;
          goWithout();
        }
      } finally {
        nativeKnown.countDown();
        started.countDown();
      }
    }
  }

  /** There is no filter: nothing needs a right any more, and nothing that was opened for it. */
  private void goWithout() {
    try {
      dropRightsOfThisThread();
    } catch (KernelException | RuntimeException e) {
      missing += "; rights not given up: " + e.getMessage();
    } finally {
      release();
    }
  }

  private void loadNative() {
    try {
      Libc.load();
      nativeWorks = true;
    } catch (KernelException e) {
      missing = e.getMessage();
      lacking = "Linux".equals(System.getProperty("os.name")) ? Why.NO_NATIVE : Why.NOT_LINUX;
    } finally {
      nativeKnown.countDown();
    }
  }

  private void startFilter() throws KernelException {
    KernelVersion kernel = KernelVersion.running();
    String rights = Rights.lacking();
    if (!rights.isEmpty()) {
      missing = rights + " missing";
      return;
    }
    if (!kernel.atLeast(5, 8)) {
      missing = "Linux 5.8 or newer, this is " + kernel.major() + "." + kernel.minor();
      return;
    }
    anyThreadMayUseMaps = kernel.atLeast(5, 19);
    filter = BpfObject.load(BpfObject.read());
    ring = new RingBuffer(filter.map("ring"));
    events.add(ring);
    candidates = new Candidates(filter.map("outbound"), filter.map("inbound"));
    admissions = new Admissions(filter.map("admitted"));
    listeners = new Listeners(new ListeningMap(filter.map("listening")));
    ports = new Ports(filter.map("ports"));
    counters = filter.map("counters");
    cpus = Processors.possible();
    counterValues = counters.bufferForValues(Processors.MOST);
    taps = new Taps(wanted);
    limits = new Limits(taps, listeners);
    // News first: what changes between the two is then read twice rather than never.
    news = Netlink.news();
    events.add(news);
    netlink = Netlink.route();
    readInterfaces();
    taps.fill(filter, Math.min(interfaces.up() + SPARE, MOST_SOCKETS));
    long difference = checkClock();
    if (!ClockCheck.tolerable(difference)) {
      missing = "the kernel's clock differs from this JVM's (a time namespace)";
      return;
    }
    if (!keepRights) {
      if (anyThreadMayUseMaps) {
        Rights.drop();
      } else {
        Rights.dropNetRaw();
      }
    }
    tier = 1;
    state = UP;
    listenEarly();
  }

  private long checkClock() throws KernelException {
    Netlink.Link loopback = interfaces.link(interfaces.loopback());
    if (loopback != null) {
      int socket = PacketSocket.open(filter);
      taps.lend(loopback.index(), socket);
      PacketSocket.bind(socket, loopback.index(), true);
    }
    return ClockCheck.difference(candidates, new ListeningMap(filter.map("listening")));
  }

  private void readInterfaces() throws KernelException {
    Interfaces read = Interfaces.read(netlink);
    names.read(read.links());
    interfaces = read;
    newsAt = System.nanoTime();
  }

  /**
   * Waits until it is known whether native calls work, so that {@link #dropRightsOfThisThread} can
   * be called.
   *
   * @return whether it is
   */
  public boolean awaitNative(long timeoutNanos) {
    return await(nativeKnown, timeoutNanos);
  }

  /**
   * The calling thread, and each that it starts from now on, loses CAP_NET_RAW and CAP_BPF; not
   * with {@code rights=keep}.
   *
   * @throws KernelException the thread keeps them
   */
  public void dropRightsOfThisThread() throws KernelException {
    if (nativeWorks && !keepRights) {
      Rights.drop();
    }
  }

  /**
   * The calling thread goes before others of this process, where it may: of a machine whose
   * processors are all wanted by many threads it would have as little as each of them, and what is
   * told to it would be lost.
   */
  public void goFirst() {
    if (nativeWorks) {
      Rights.goFirst();
    }
  }

  /**
   * The calling thread, started by the one that goes first, has neither its priority nor its
   * rights; with {@code rights=keep} these.
   *
   * @throws KernelException the thread keeps them
   */
  public void goAsOthers() throws KernelException {
    if (nativeWorks) {
      Rights.goAsUsual();
    }
    dropRightsOfThisThread();
  }

  /** Waits until the kernel side is up or has failed. */
  public boolean awaitStarted(long timeoutNanos) {
    return await(started, timeoutNanos);
  }

  private static boolean await(CountDownLatch latch, long nanos) {
    try {
      return latch.await(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return latch.getCount() == 0;
    }
  }

  /**
   * Whether packets can be had; waits for the start, if this is the first time that anyone asks.
   */
  private boolean isUp() {
    if (state == STARTING) {
      if (waitUntil == 0) {
        waitUntil = System.nanoTime() + START_WAIT;
      }
      long left = waitUntil - System.nanoTime();
      if (left > 0) {
        await(started, left);
      }
    }
    return state == UP;
  }

  @Override
  public void connecting(Endpoint peer) {
    try {
      if (isUp()) {
        tapRouteTo(peer);
      }
    } catch (RuntimeException e) {
      missing = e.toString();
    }
  }

  private void tapRouteTo(Endpoint peer) {
    Interfaces now = interfaces;
    if (!peer.isV4() && Interfaces.isLinkLocal(peer.high())) {
      // Which link, the address does not say.
      for (Netlink.Link link : now.links()) {
        if (link.up() && !link.loopback() && now.hasAddress(link.index())) {
          taps.tap(link);
        }
      }
      return;
    }
    int ifindex = routes.interfaceTo(peer);
    if (ifindex <= 0 || taps.isTapped(ifindex)) {
      return;
    }
    Netlink.Link link = now.link(ifindex);
    if (link != null) {
      taps.tap(link);
    } else {
      // Younger than what was read: not the loopback.
      taps.tap(new Netlink.Link(ifindex, interfaceName(ifindex), true, false));
    }
  }

  @Override
  public void listening(Endpoint local) {
    try {
      if (isUp()) {
        listen(local);
      } else if (state == STARTING) {
        // On a busy machine: not lost, since a listener is told of once, and may live as long as
        // the JVM.
        early.add(local);
        if (state == UP) {
          listenEarly();
        }
      }
    } catch (RuntimeException e) {
      missing = e.toString();
    }
  }

  private void listen(Endpoint local) {
    Interfaces now = interfaces;
    listeners.add(local, now);
    Listeners.tap(local, now, taps);
  }

  /** Those that did not wait for the start. Each is taken by one thread. */
  private void listenEarly() {
    for (Endpoint local = early.poll(); local != null; local = early.poll()) {
      listen(local);
    }
  }

  @Override
  public void unlistening(Endpoint local) {
    try {
      early.remove(local);
      if (state == UP) {
        listeners.remove(local, interfaces);
      }
    } catch (RuntimeException e) {
      missing = e.toString();
    }
  }

  @Override
  public long admit(Endpoint local, Endpoint peer, Side side, long connection) {
    if (state != UP) {
      return 0;
    }
    try {
      // First the port, then the claim: between the two the flow's packets go to the candidate, as
      // before.
      ports.use(local.port());
      long flow = connection;
      if (anyThreadMayUseMaps) {
        flow = admissions.claim(local, peer, side, connection);
      } else if (!defer(() -> admissions.claim(local, peer, side, connection))) {
        admissions.refuse();
        flow = REFUSED;
      }
      if (flow == REFUSED) {
        ports.leave(local.port());
      }
      return flow;
    } catch (RuntimeException e) {
      missing = e.toString();
      return REFUSED;
    }
  }

  @Override
  public void withdraw(Endpoint local, Endpoint peer, long flow, long connection) {
    if (state != UP || flow <= 0) {
      return;
    }
    try {
      // Of a flow that the other end has claimed, the other end is told.
      if (flow != connection || endNow(FlowTuple.of(local, peer), flow)) {
        ports.leave(local.port());
      }
    } catch (RuntimeException e) {
      missing = e.toString();
    }
  }

  /** Whether it is ended, or will be: behind a claim that still waits. */
  private boolean endNow(FlowTuple tuple, long flow) {
    if (anyThreadMayUseMaps) {
      admissions.end(tuple, flow);
      return true;
    }
    return defer(() -> admissions.end(tuple, flow));
  }

  @Override
  public void opened() {
    if (resting) {
      resting = false;
      events.wake();
    }
  }

  /** Leaves a call to the audit thread, at once. */
  private boolean defer(Runnable call) {
    if (!deferred.offer(call)) {
      return false;
    }
    events.wake();
    return true;
  }

  @Override
  public boolean wantsTcpInfo() {
    return state == DOWN && nativeWorks;
  }

  @Override
  public boolean tcpInfo(int fd, long[] out) {
    try {
      return tier == 3 && state == DOWN && Libc.tcpInfo(fd, out);
    } catch (RuntimeException e) {
      missing = e.toString();
      return false;
    }
  }

  /**
   * Taps all interfaces that are up: for flows whose packets go another way than the route says.
   * Any thread.
   */
  public void tapAll() {
    if (state != UP) {
      return;
    }
    for (Netlink.Link link : interfaces.links()) {
      if (link.up()) {
        taps.tap(link);
      }
    }
  }

  /**
   * Waits until there is reason to look, and hands over the packets that have come. In all tiers.
   *
   * @param timeoutMillis the longest wait; records come without a wake-up until the ring is a
   *     quarter full
   * @return packets handed over
   */
  public int poll(int timeoutMillis, PacketConsumer consumer) {
    if (events == null || closed) {
      LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(timeoutMillis));
      return 0;
    }
    int timeout = more ? 0 : timeoutMillis;
    if (newsDue) {
      long left = newsAt + NEWS_INTERVAL - System.nanoTime();
      timeout = (int) Math.max(0, Math.min(timeout, left / 1_000_000 + 1));
    }
    resting = timeout > AWAKE_MILLIS;
    int events = this.events.await(timeout);
    resting = false;
    if (state != UP) {
      return 0;
    }
    taps.takeBack();
    newsDue |= (events & Events.NETLINK) != 0;
    if (newsDue && System.nanoTime() - newsAt >= NEWS_INTERVAL) {
      followNews();
    }
    for (Runnable call = deferred.poll(); call != null; call = deferred.poll()) {
      call.run();
    }
    this.consumer = consumer;
    int count = ring.drain(decoder, BATCH);
    more = count == BATCH;
    return count;
  }

  private final class Decoder implements RingBuffer.Records {
    @Override
    public void record(ByteBuffer bytes, int offset, int length) {
      if (length >= Layout.PACKET) {
        Layout.read(bytes, offset, packet);
        consumer.packet(packet);
      }
    }
  }

  private void followNews() {
    newsAt = System.nanoTime();
    int changes = news.changes();
    newsDue = (changes & Netlink.MORE) != 0;
    if (changes == 0) {
      return;
    }
    try {
      if ((changes & Netlink.CHANGED_LINKS) != 0) {
        readInterfaces();
        taps.follow(interfaces);
        listeners.follow(interfaces);
        listeners.tap(interfaces, taps);
      }
      for (Endpoint peer : routes.forget()) {
        tapRouteTo(peer);
      }
    } catch (KernelException e) {
      missing = e.getMessage();
      newsDue = true;
    }
  }

  /** Ends a wait in {@link #poll}. Any thread. */
  public void wake() {
    if (events != null) {
      events.wake();
    } else {
      LockSupport.unpark(auditThread);
    }
  }

  @Override
  public int tier() {
    return tier;
  }

  @Override
  public Optional<Why> lacking() {
    return tier == 1 ? Optional.empty() : Optional.of(lacking);
  }

  /** In words, what the tier lacks to be 1, or what went wrong last; empty: nothing. Any thread. */
  public String missing() {
    Taps now = taps;
    return !missing.isEmpty() || now == null ? missing : now.problem();
  }

  /**
   * A limit that was reached since this was asked last, and costs connections their packets, in
   * words; empty: none. The audit thread.
   */
  public Optional<String> takeLimit() {
    return state == UP ? limits.take() : Optional.empty();
  }

  /** Names of the interfaces that are tapped by now. Any thread. */
  public List<String> tapped() {
    List<String> tapped = new ArrayList<>();
    if (state == UP) {
      for (Integer index : taps.tapped()) {
        tapped.add(interfaceName(index));
      }
    }
    return tapped;
  }

  @Override
  public long attachedAt() {
    return state == UP ? taps.firstAt() : Long.MAX_VALUE;
  }

  @Override
  public Optional<Candidate> candidate(FlowTuple tuple) {
    return state == UP ? candidates.find(tuple, interfaces.loopback()) : Optional.empty();
  }

  /** Packets that the filter saw, of whomever. */
  public long packets() {
    return count(Layout.PACKETS);
  }

  /** Packets of admitted flows that came by the ring. */
  public long records() {
    return count(Layout.RECORDS);
  }

  @Override
  public long recordsLost() {
    return count(Layout.RECORDS_LOST);
  }

  /** Flows that were not admitted, since the kernel's map was full, or too many waited for it. */
  public long admissionsRefused() {
    return admissions == null ? 0 : admissions.refused();
  }

  /** Sum over all processors. */
  private long count(int counter) {
    if (state != UP) {
      return finalCounts[counter];
    }
    ByteBuffer bytes = counterValues.bytes();
    bytes.putInt(counterValues.at(CallBuffer.KEY), counter);
    if (counters.lookup(counterValues) != 0) {
      return 0;
    }
    long sum = 0;
    for (int cpu = 0; cpu < cpus; cpu++) {
      sum += bytes.getLong(counterValues.at(CallBuffer.VALUE) + 8 * cpu);
    }
    return sum;
  }

  @Override
  public long recordsLost(FlowTuple tuple) {
    return state == UP ? admissions.lost(tuple) : -1;
  }

  @Override
  public void left(Endpoint local) {
    if (state == UP) {
      ports.leave(local.port());
    }
  }

  @Override
  public void end(FlowTuple tuple, long flow) {
    if (state == UP) {
      admissions.end(tuple, flow);
    }
  }

  @Override
  public String interfaceName(int ifindex) {
    return names.of(ifindex);
  }

  /** Asks the kernel by a datagram socket that sends nothing. */
  @Override
  public Endpoint source(Endpoint local, Endpoint peer) {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(new InetSocketAddress(InetAddress.getByName(peer.address()), peer.port()));
      return Endpoint.of(socket.getLocalAddress(), local.port());
    } catch (IOException | RuntimeException e) {
      return local;
    }
  }

  @Override
  public boolean isOwnListeners(Endpoint peer, FlowTuple tuple) {
    // Not by who listens now: a server that ends is called by itself, to wake up.
    return state == UP && interfaces.holding(peer) != 0 && candidates.isInbound(tuple);
  }

  @Override
  public int homeInterface(Endpoint local, Endpoint peer) {
    Interfaces now = interfaces;
    return now.holding(peer) != 0 ? now.loopback() : now.holding(local);
  }

  /**
   * TCP connections of this process that no hook saw. Costs a listing of all connections of the
   * network namespace and of this process's file descriptors: not often.
   *
   * @param hooked whether the hooks know this file descriptor
   * @return empty: it can't be told now
   */
  public Optional<List<UnhookedConnection>> unhooked(IntPredicate hooked) {
    if (!nativeWorks) {
      return Optional.empty();
    }
    List<UnhookedConnection> unhooked = new ArrayList<>();
    try (SockDiag diag = new SockDiag()) {
      Map<Long, Integer> own = SockDiag.ownSockets();
      Set<Integer> served = new HashSet<>();
      for (SockDiag.Socket listener : diag.listeners()) {
        if (own.containsKey(listener.inode())) {
          served.add(listener.localPort());
        }
      }
      for (SockDiag.Socket socket : diag.connections()) {
        Integer fd = own.get(socket.inode());
        if (fd != null && !hooked.test(fd)) {
          unhooked.add(
              new UnhookedConnection(
                  fd,
                  served.contains(socket.localPort()) ? Side.SERVER : Side.CLIENT,
                  new Endpoint(socket.localHigh(), socket.localLow(), socket.localPort()),
                  new Endpoint(socket.peerHigh(), socket.peerLow(), socket.peerPort()),
                  socket.inode()));
        }
      }
      return Optional.of(unhooked);
    } catch (KernelException e) {
      missing = e.getMessage();
      return Optional.empty();
    }
  }

  /** The kernel's map {@code listening}. */
  private final class ListeningMap implements Listeners.Entries {
    private final BpfMap map;

    ListeningMap(BpfMap map) {
      this.map = map;
    }

    @Override
    public int put(Endpoint entry) {
      ports.use(entry.port());
      if (mayUseMaps()) {
        return apply(entry, true);
      }
      return defer(() -> applyLate(entry)) ? 0 : -Errno.EAGAIN;
    }

    private void applyLate(Endpoint entry) {
      if (apply(entry, true) == -Errno.E2BIG) {
        listeners.refused();
      }
    }

    @Override
    public void remove(Endpoint entry) {
      ports.leave(entry.port());
      if (mayUseMaps()) {
        apply(entry, false);
      } else {
        defer(() -> apply(entry, false));
      }
    }

    private int apply(Endpoint entry, boolean present) {
      CallBuffer buffer = CallBuffer.take();
      try {
        Layout.putEndpoint(buffer.bytes(), buffer.at(CallBuffer.KEY), entry);
        buffer.bytes().put(buffer.at(CallBuffer.VALUE), (byte) 1);
        return present ? map.update(buffer, BpfMap.BPF_ANY) : map.delete(buffer);
      } finally {
        buffer.give();
      }
    }
  }

  private boolean mayUseMaps() {
    return anyThreadMayUseMaps || Thread.currentThread() == auditThread;
  }

  /** Everything is given back; the counts stay. */
  @Override
  public void close() {
    try {
      if (state == UP) {
        long[] counts = new long[Layout.COUNTERS];
        for (int i = 0; i < counts.length; i++) {
          counts[i] = count(i);
        }
        finalCounts = counts;
      }
    } finally {
      state = DOWN;
      release();
      if (events != null && !closed) {
        closed = true;
        events.close();
      }
    }
  }

  private void release() {
    if (taps != null) {
      taps.close();
    }
    if (ring != null) {
      ring.close();
      ring = null;
    }
    if (filter != null) {
      filter.close();
      filter = null;
    }
    if (news != null) {
      news.close();
      news = null;
    }
    if (netlink != null) {
      netlink.close();
      netlink = null;
    }
    if (counterValues != null) {
      counterValues.give();
      counterValues = null;
    }
  }
}
