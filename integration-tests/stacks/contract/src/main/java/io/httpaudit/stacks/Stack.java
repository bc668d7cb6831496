package io.httpaudit.stacks;

import java.net.URI;
import javax.net.ssl.SSLContext;

/**
 * A library, as its users use it: what a module below {@code stacks/} implements, as a server, a
 * client, or both. HTTP/1.1 alone: one that prefers HTTP/2 is told not to.
 *
 * <p>A module's {@code stack.properties} says its name, its version, its roles, the least JDK it
 * runs on, and whether the agent links what is done within a request to it: {@code linked}.
 */
public interface Stack {
  /**
   * Starts a server on a free port of 127.0.0.1. It has each request answered, on a thread on which
   * the library's users may block.
   *
   * @param tls null: plain HTTP
   * @return its port
   */
  default int serve(SSLContext tls, Responder responder) throws Exception {
    throw new UnsupportedOperationException("no server");
  }

  /**
   * Makes a client, which keeps connections open, and is used by many threads at once.
   *
   * @param tls null: plain HTTP
   */
  default Client client(SSLContext tls) throws Exception {
    throw new UnsupportedOperationException("no client");
  }

  /** What a handler throws that the library is to deal with. */
  final class Thrown extends RuntimeException {
    private static final long serialVersionUID = 1;

    Thrown() {
      super("as it is asked to", null, false, false);
    }
  }

  /** What a request is answered with. Any thread. */
  interface Responder {
    /**
     * @param sent the value of the field {@code Sent}
     * @param body as received
     * @throws Thrown which is to reach the library
     */
    Answer answer(String method, String target, String sent, byte[] body) throws Exception;
  }

  /**
   * A response.
   *
   * @param length of the body, also of one that is not sent: to a HEAD
   * @param chunked else by Content-Length, but for a 204
   */
  record Answer(int status, byte[] body, int length, boolean chunked) {}

  /** An exchange, made. Any thread. */
  interface Client {
    /**
     * Whoever asks has checked the response's status and body once this returns. It follows
     * redirects. Of one that {@linkplain Asked#upgrades upgrades} it has sent the body asked for as
     * one text, received it back and closed in good order.
     */
    void make(URI uri, Asked asked) throws Exception;
  }
}
