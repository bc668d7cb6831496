package io.httpaudit.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** A counter of the bank's that speaks TLS, and at which one may pay again and again. */
final class TlsCounter {
  /**
   * In seconds. A ticket for a session may last a week (RFC 8446, 4.6.1): for a longer one there is
   * none, so nobody resumes an earlier session, and all shake hands in full.
   */
  private static final int REMEMBERED = 8 * 24 * 60 * 60;

  private final SSLServerSocket counter;

  private TlsCounter(SSLServerSocket counter) {
    this.counter = counter;
  }

  /** With the key in that store. The port. */
  static int open(Path keys) throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[] {Vault.of(keys)}, null, null);
    context.getServerSessionContext().setSessionTimeout(REMEMBERED);
    TlsCounter opened =
        new TlsCounter((SSLServerSocket) context.getServerSocketFactory().createServerSocket(0));
    Thread clerk = new Thread(opened::serveAll);
    clerk.setDaemon(true);
    clerk.start();
    return opened.counter.getLocalPort();
  }

  private void serveAll() {
    while (true) {
      try (SSLSocket customer = (SSLSocket) counter.accept()) {
        long start = System.nanoTime();
        customer.startHandshake();
        OwnTimes.tell("shook hands", start);
        BufferedReader in = Bank.reader(customer);
        while (Bank.serve(in, customer, true).equals("/pay")) {
          // The next one.
        }
      } catch (SSLHandshakeException e) {
        System.out.println("not trusted");
      } catch (IOException e) {
        System.err.println("not served: " + e);
      }
    }
  }
}
