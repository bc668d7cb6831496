package io.httpaudit.stacks;

import java.net.URI;
import javax.net.ssl.SSLContext;

/**
 * A library, as its users use it: what a module below {@code stacks/} implements, as a server, a
 * client, or both. HTTP/1.1 alone: one that prefers HTTP/2 is told not to.
 *
 * <p>A module's {@code stacks.txt} says its name, its class, its version, its roles, the least JDK
 * it runs on, whether the agent links what is done within a request to it, {@code linked}, and, of
 * one that its users package as one jar, that jar's name.
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
   * The same, and within each request, before its answer, it asks what {@code within} says: by
   * default with {@code HttpURLConnection}, on the thread of the answer. A library that has a
   * client of its own uses that.
   */
  default int serve(SSLContext tls, Responder responder, Within within) throws Exception {
    return serve(
        tls,
        (method, target, sent, body) -> {
          Contract.ask(within.uri(target), null);
          return responder.answer(method, target, sent, body);
        });
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

  /** What is asked within a request for {@code target}, of the server at {@code sink}. */
  record Within(URI sink) {
    Asked asked(String target) {
      return new Asked("GET", 0, false, new Wanted(Wanted.of(target).number(), 10, "length"));
    }

    URI uri(String target) {
      return sink.resolve(asked(target).wanted().target());
    }
  }

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
