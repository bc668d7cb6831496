package io.httpaudit.observe;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Is told everything, and keeps nothing. */
public class Silent extends HttpAuditSink {
  @Override
  public Object connection(int fd) {
    return fd;
  }

  @Override
  public void beforeWrite(Object connection, long address, int length, int vectors) {}

  @Override
  public void beforeNativeWrite(Object connection, long address, int length, int vectors) {}

  @Override
  public void afterWrite(Object connection, int fd, long address, int vectors, long n) {}

  @Override
  public void submitted(int fd, long address, int length, int vectors) {}

  @Override
  public void completed(int fd, long n) {}

  @Override
  public void connectAnswered(int fd, InetSocketAddress local, Throwable failure) {}

  @Override
  public void afterRead(Object connection, int fd, long address, int vectors, long n) {}

  @Override
  public void afterUnseenWrite(int fd, long n) {}

  @Override
  public void afterUrgentWrite(int fd) {}

  @Override
  public void afterUnseenRead(int fd, long n) {}

  @Override
  public void failed(Object connection, boolean read, Throwable cause) {}

  @Override
  public void beforeConnect(int fd, InetAddress peer, int port) {}

  @Override
  public void afterConnect(
      int fd, InetSocketAddress local, InetAddress peer, int port, boolean connected) {}

  @Override
  public boolean isConnecting(int fd) {
    return false;
  }

  @Override
  public void connectFinished(int fd, Throwable failure) {}

  @Override
  public void beforeDatagramConnect(int fd) {}

  @Override
  public void connectFailed(
      int fd, InetSocketAddress local, InetAddress peer, int port, Throwable cause) {}

  @Override
  public void accepted(int fd, InetSocketAddress local, InetSocketAddress peer) {}

  @Override
  public void listening(int fd, InetSocketAddress local) {}

  @Override
  public void closing(int fd) {}
}
