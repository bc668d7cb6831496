package io.httpaudit.stacks;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.BlockingHandler;
import io.undertow.util.Headers;
import io.undertow.websockets.core.AbstractReceiveListener;
import io.undertow.websockets.core.BufferedTextMessage;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLContext;

public final class UndertowStack implements Stack {
  @Override
  public int serve(SSLContext tls, Responder responder) {
    HttpHandler blocking =
        Handlers.httpContinueRead(new BlockingHandler(exchange -> take(exchange, responder)));
    HttpHandler echo = Handlers.websocket((exchange, channel) -> echo(channel));
    HttpHandler handler =
        exchange ->
            (exchange.getRequestHeaders().contains(Headers.UPGRADE) ? echo : blocking)
                .handleRequest(exchange);
    Undertow.Builder builder = Undertow.builder().setHandler(handler).setWorkerThreads(64);
    Undertow server =
        (tls == null
                ? builder.addHttpListener(0, "127.0.0.1")
                : builder.addHttpsListener(0, "127.0.0.1", tls))
            .build();
    server.start();
    return ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
  }

  private static void echo(WebSocketChannel channel) {
    channel
        .getReceiveSetter()
        .set(
            new AbstractReceiveListener() {
              @Override
              protected void onFullTextMessage(
                  WebSocketChannel channel, BufferedTextMessage message) {
                WebSockets.sendText(message.getData(), channel, null);
              }
            });
    channel.resumeReceives();
  }

  private static void take(HttpServerExchange exchange, Responder responder) throws IOException {
    if (Wanted.isAsync(exchange.getRequestPath())) {
      exchange.dispatch(
          task -> Daemons.elsewhere(task::run),
          () -> {
            try {
              answer(exchange, responder);
            } catch (IOException e) {
              Daemons.fail(e);
            }
          });
    } else {
      answer(exchange, responder);
    }
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
    } catch (Thrown e) {
      throw e;
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
