package io.httpaudit.observe;

import com.kenai.jffi.MemoryIO;
import io.httpaudit.capture.Admission;
import io.httpaudit.correlate.Side;
import io.httpaudit.enrich.Beside;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.trace.Propagation;
import io.httpaudit.trace.Sampler;
import io.httpaudit.trace.SpanIds;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The hooks' calls as the JDK's sockets make them, without sockets: an {@link Observer} and native
 * memory.
 */
public final class Sockets implements Admission {
  public final Observer observer;
  final InetAddress here = InetAddress.getLoopbackAddress();
  boolean admits = true;

  /** Flows whose admission was withdrawn, with the connections that had asked for it. */
  final List<String> withdrawn = new ArrayList<>();

  /** What the write that began last was told of, and its descriptor. */
  private Object writing;

  private int writingTo = -1;

  private final ByteBuffer memory = ByteBuffer.allocateDirect(1 << 17);
  private final long address = MemoryIO.getInstance().getDirectBufferAddress(memory);

  public Sockets() {
    this(Propagation.standard());
  }

  Sockets(Propagation propagation) {
    observer =
        new Observer(
            this,
            propagation,
            new Tracer(SpanIds.random(), Sampler.of("", "", new ArrayList<>())),
            new Beside(Beside.Mode.OWN, 0, null, () -> {}),
            new ThreadGroup("none"),
            () -> {});
  }

  public void accept(int fd, int port) {
    observer.accepted(fd, new InetSocketAddress(here, 80), new InetSocketAddress(here, port));
  }

  void connect(int fd, int port) {
    observer.beforeConnect(fd, here, 80);
    observer.afterConnect(fd, new InetSocketAddress(here, port), here, 80, true);
  }

  public void read(int fd, byte[] bytes) {
    memory.put(0, bytes);
    observer.afterRead(observer.connection(fd), fd, address, 0, bytes.length);
  }

  public void write(int fd, byte[] bytes) {
    announce(fd, bytes);
    written(fd, bytes.length);
  }

  void announce(int fd, byte[] bytes) {
    memory.put(0, bytes);
    begin(fd, address, bytes.length);
  }

  /** Of bytes in the middle of others: only those from {@code from} on are the write's. */
  void announce(int fd, byte[] bytes, int from) {
    memory.put(0, bytes);
    begin(fd, address + from, bytes.length - from);
  }

  /** Of bytes with others behind them: only the first {@code count} are given to the kernel. */
  void submit(int fd, byte[] bytes, int count) {
    memory.put(0, bytes);
    observer.submitted(fd, address, count, 0);
  }

  private void begin(int fd, long address, int length) {
    Object connection = observer.connection(fd);
    if (connection != null) {
      writing = connection;
      writingTo = fd;
      observer.beforeWrite(connection, address, length, 0);
    }
  }

  /** What the write began with, whoever has its number now. */
  private Object writing(int fd) {
    return fd == writingTo ? writing : observer.connection(fd);
  }

  /** The write threw. */
  void notWritten(int fd, Throwable cause) {
    observer.failed(writing(fd), false, cause);
  }

  void written(int fd, int count) {
    observer.afterWrite(writing(fd), fd, address, 0, count);
  }

  void written(int fd, byte[] bytes) {
    memory.put(0, bytes);
    observer.afterWrite(writing(fd), fd, address, 0, bytes.length);
  }

  /** As readv(2) does, into pieces of these lengths. */
  void readv(int fd, byte[] bytes, int... lengths) {
    int vectors = 1 << 16;
    memory.order(java.nio.ByteOrder.nativeOrder());
    int at = 0;
    for (int i = 0; i < lengths.length; i++) {
      memory.putLong(vectors + 16 * i, address + at);
      memory.putLong(vectors + 16 * i + 8, lengths[i]);
      at += lengths[i];
    }
    memory.put(0, bytes);
    observer.afterRead(
        observer.connection(fd), fd, address + vectors, lengths.length, bytes.length);
  }

  @Override
  public void connecting(Endpoint peer) {}

  @Override
  public void listening(Endpoint local) {}

  @Override
  public void unlistening(Endpoint local) {}

  @Override
  public long admit(Endpoint local, Endpoint peer, Side side, long connection) {
    return admits ? connection : 0;
  }

  @Override
  public void withdraw(Endpoint local, Endpoint peer, long flow, long connection) {
    withdrawn.add(connection + " of " + flow + ", " + local + " " + peer);
  }

  @Override
  public boolean wantsTcpInfo() {
    return false;
  }

  @Override
  public boolean tcpInfo(int fd, long[] out) {
    return false;
  }
}
