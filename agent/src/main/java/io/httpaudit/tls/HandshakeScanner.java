package io.httpaudit.tls;

public final class HandshakeScanner {
  Handshake of;
  boolean client;
  long pos;
  byte[] buf = new byte[43];
  boolean done;

  public HandshakeScanner(Handshake of, boolean client) {
    this.of = of;
    this.client = client;
  }

  public long position() {
    return pos;
  }

  public long skippable() {
    return done ? Long.MAX_VALUE : 0;
  }

  public void skip(long n) {
    pos += n;
  }

  public void parse(byte[] b, int f, int t) {
    for (int i = f; i < t && !done; i++) {
      buf[(int) pos++] = b[i];
      if (pos == 43) {
        done = true;
        java.nio.ByteBuffer x = java.nio.ByteBuffer.wrap(buf, 11, 32);
        of.l.hello(client, x.getLong(), x.getLong(), x.getLong(), x.getLong());
      }
    }
  }

  public HandshakeScanner ahead() {
    HandshakeScanner s = new HandshakeScanner(of, client);
    s.pos = pos;
    s.buf = buf.clone();
    s.done = done;
    return s;
  }

  public boolean failed() {
    return false;
  }
}
