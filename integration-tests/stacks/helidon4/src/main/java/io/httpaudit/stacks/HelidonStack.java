package io.httpaudit.stacks;

import io.helidon.common.tls.Tls;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.websocket.WsRouting;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;

/** A virtual thread a connection, on which requests are answered. */
public final class HelidonStack implements Stack {
  @Override
  public int serve(SSLContext tls, Responder responder) {
    var server =
        WebServer.builder()
            .host("127.0.0.1")
            .port(0)
            .routing(
                routing -> routing.any((request, response) -> take(request, response, responder)))
            .addRouting(WsRouting.builder().endpoint("/x/*", new Echo()));
    if (tls != null) {
      server.tls(Tls.builder().sslContext(tls).build());
    }
    return server.build().start().port();
  }

  /** Says whatever it hears. */
  private static final class Echo implements WsListener {
    @Override
    public void onMessage(WsSession session, String text, boolean last) {
      session.send(text, last);
    }
  }

  private static void take(ServerRequest request, ServerResponse response, Responder responder)
      throws Exception {
    String path = request.path().rawPath();
    if (!Wanted.isAsync(path)) {
      answer(request, response, responder);
      return;
    }
    CompletableFuture<Void> answered = new CompletableFuture<>();
    Daemons.elsewhere(
        () -> {
          try {
            answer(request, response, responder);
            answered.complete(null);
          } catch (Throwable e) {
            answered.completeExceptionally(e);
          }
        });
    answered.join();
  }

  private static void answer(ServerRequest request, ServerResponse response, Responder responder)
      throws Exception {
    byte[] body = request.content().inputStream().readAllBytes();
    Answer answer =
        responder.answer(
            request.prologue().method().text(),
            request.path().rawPath(),
            request.headers().first(HeaderNames.create("Sent")).orElse(null),
            body);
    response.status(Status.create(answer.status()));
    if (answer.status() == 204) {
      response.send();
    } else if (answer.chunked()) {
      response.header(HeaderValues.TRANSFER_ENCODING_CHUNKED);
      try (var out = response.outputStream()) {
        out.write(answer.body());
      }
    } else {
      response.contentLength(answer.length());
      response.send(answer.body());
    }
  }
}
