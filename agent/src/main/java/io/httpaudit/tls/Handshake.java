package io.httpaudit.tls;

import java.util.Optional;

public final class Handshake {
  public interface HelloListener {
    void hello(boolean client, long a, long b, long c, long d);
  }

  public Handshake(HelloListener l) {
    this.l = l;
  }

  HelloListener l;

  public void established() {}

  public String version() {
    return "";
  }

  public String cipher() {
    return "";
  }

  public String serverName() {
    return "";
  }

  public String alpn() {
    return "";
  }

  public Optional<Boolean> resumed() {
    return Optional.empty();
  }

  public String after() {
    return "";
  }

  public String alert() {
    return "";
  }

  public int alertBy() {
    return 0;
  }

  public boolean clientHelloSeen() {
    return false;
  }
}
