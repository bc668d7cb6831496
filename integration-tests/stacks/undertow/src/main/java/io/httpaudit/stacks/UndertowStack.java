package io.httpaudit.stacks;

import io.undertow.Undertow;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.BlockingHandler;
import io.undertow.util.Headers;
import java.io.IOException;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLContext;

public final class UndertowStack implements Stack {
  @Override
  public int serve(SSLContext tls, Responder responder) {
    HttpHandler handler = new BlockingHandler(exchange -> answer(exchange, responder));
    Undertow.Builder builder = Undertow.builder().setHandler(handler).setWorkerThreads(64);
    Undertow server =
        (tls == null
                ? builder.addHttpListener(0, "127.0.0.1")
                : builder.addHttpsListener(0, "127.0.0.1", tls))
            .build();
    server.start();
    return ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
  }

  private static void answer(HttpServerExchange exchange, Responder responder) throws IOException {
    byte[] body = exchange.getInputStream().readAllBytes();
    Answer answer;
    try {
      answer =
          responder.answer(
              exchange.getRequestMethod().toString(),
              exchange.getRequestPath(),
              exchange.getRequestHeaders().getFirst("Sent"),
              body);
    } catch (Exception e) {
      Daemons.fail(e);
      return;
    }
    exchange.setStatusCode(answer.status());
    if (answer.status() != 204) {
      if (answer.chunked()) {
        exchange.getResponseHeaders().put(Headers.TRANSFER_ENCODING, "chunked");
      } else {
        exchange.setResponseContentLength(answer.length());
      }
      exchange.getOutputStream().write(answer.body());
    }
    exchange.endExchange();
  }
}
