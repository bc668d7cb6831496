package io.httpaudit.agent;

import io.httpaudit.faults.Faults;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Hooks that fail: before what they are to tell, or after. Only with {@link Faults#HOOKS}. */
final class FaultySink extends HttpAuditSink {
  private final HttpAuditSink to;

  FaultySink(HttpAuditSink to) {
    this.to = to;
  }

  @Override
  public Object connection(int fd) {
    Faults.strike();
    return to.connection(fd);
  }

  @Override
  public void beforeWrite(Object connection, long address, int length, int vectors) {
    Faults.strike();
    to.beforeWrite(connection, address, length, vectors);
    Faults.strike();
  }

  @Override
  public void beforeNativeWrite(Object connection, long address, int length, int vectors) {
    Faults.strike();
    to.beforeNativeWrite(connection, address, length, vectors);
    Faults.strike();
  }

  @Override
  public void afterWrite(Object connection, int fd, long address, int vectors, long n) {
    Faults.strike();
    Faults.delay();
    to.afterWrite(connection, fd, address, vectors, n);
    Faults.strike();
  }

  @Override
  public void submitted(int fd, long address, int length, int vectors) {
    Faults.strike();
    to.submitted(fd, address, length, vectors);
    Faults.strike();
  }

  @Override
  public void completed(int fd, long n) {
    Faults.strike();
    to.completed(fd, n);
    Faults.strike();
  }

  @Override
  public void connectAnswered(int fd, InetSocketAddress local, Throwable failure) {
    Faults.strike();
    to.connectAnswered(fd, local, failure);
    Faults.strike();
  }

  @Override
  public void afterRead(Object connection, int fd, long address, int vectors, long n) {
    Faults.strike();
    to.afterRead(connection, fd, address, vectors, n);
    Faults.strike();
  }

  @Override
  public void afterUnseenWrite(int fd, long n) {
    Faults.strike();
    to.afterUnseenWrite(fd, n);
    Faults.strike();
  }

  @Override
  public void afterUrgentWrite(int fd) {
    Faults.strike();
    to.afterUrgentWrite(fd);
    Faults.strike();
  }

  @Override
  public void afterUnseenRead(int fd, long n) {
    Faults.strike();
    to.afterUnseenRead(fd, n);
    Faults.strike();
  }

  @Override
  public void failed(Object connection, boolean read, Throwable cause) {
    Faults.strike();
    to.failed(connection, read, cause);
    Faults.strike();
  }

  @Override
  public void beforeConnect(int fd, InetAddress peer, int port) {
    Faults.strike();
    to.beforeConnect(fd, peer, port);
    Faults.strike();
  }

  @Override
  public void afterConnect(
      int fd, InetSocketAddress local, InetAddress peer, int port, boolean established) {
    Faults.strike();
    to.afterConnect(fd, local, peer, port, established);
    Faults.strike();
  }

  @Override
  public boolean isConnecting(int fd) {
    Faults.strike();
    return to.isConnecting(fd);
  }

  @Override
  public void connectFinished(int fd, Throwable failure) {
    Faults.strike();
    to.connectFinished(fd, failure);
    Faults.strike();
  }

  @Override
  public void beforeDatagramConnect(int fd) {
    Faults.strike();
    to.beforeDatagramConnect(fd);
    Faults.strike();
  }

  @Override
  public void connectFailed(
      int fd, InetSocketAddress local, InetAddress peer, int port, Throwable cause) {
    Faults.strike();
    to.connectFailed(fd, local, peer, port, cause);
    Faults.strike();
  }

  @Override
  public void accepted(int fd, InetSocketAddress local, InetSocketAddress peer) {
    Faults.strike();
    to.accepted(fd, local, peer);
    Faults.strike();
  }

  @Override
  public void listening(int fd, InetSocketAddress local) {
    Faults.strike();
    to.listening(fd, local);
    Faults.strike();
  }

  @Override
  public void closing(int fd) {
    Faults.strike();
    to.closing(fd);
    Faults.strike();
  }
}
