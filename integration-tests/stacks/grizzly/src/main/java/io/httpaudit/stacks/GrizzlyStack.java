package io.httpaudit.stacks;

import java.io.IOException;
import javax.net.ssl.SSLContext;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.NetworkListener;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.glassfish.grizzly.ssl.SSLEngineConfigurator;
import org.glassfish.grizzly.websockets.WebSocket;
import org.glassfish.grizzly.websockets.WebSocketAddOn;
import org.glassfish.grizzly.websockets.WebSocketApplication;
import org.glassfish.grizzly.websockets.WebSocketEngine;

public final class GrizzlyStack implements Stack {
  @Override
  public int serve(SSLContext tls, Responder responder) throws IOException {
    java.util.logging.Logger.getLogger("org.glassfish").setLevel(java.util.logging.Level.SEVERE);
    HttpServer server = new HttpServer();
    NetworkListener listener = new NetworkListener("all", "127.0.0.1", 0);
    if (tls != null) {
      listener.setSecure(true);
      listener.setSSLEngineConfig(new SSLEngineConfigurator(tls, false, false, false));
    }
    listener.getTransport().getWorkerThreadPoolConfig().setCorePoolSize(64).setMaxPoolSize(64);
    listener.registerAddOn(new WebSocketAddOn());
    WebSocketEngine.getEngine().register("", "/*", new Echo());
    server.addListener(listener);
    server
        .getServerConfiguration()
        .addHttpHandler(
            new HttpHandler() {
              @Override
              public void service(Request request, Response response) throws Exception {
                if (Wanted.isAsync(request.getRequestURI())) {
                  response.suspend();
                  Daemons.elsewhere(
                      () -> {
                        answer(request, response, responder);
                        response.resume();
                      });
                } else {
                  answer(request, response, responder);
                }
              }
            },
            "/");
    server.start();
    return listener.getPort();
  }

  /** Says whatever it hears. */
  private static final class Echo extends WebSocketApplication {
    @Override
    public void onMessage(WebSocket socket, String text) {
      socket.send(text);
    }
  }

  private static void answer(Request request, Response response, Responder responder)
      throws Exception {
    byte[] body = request.getInputStream().readAllBytes();
    Answer answer =
        responder.answer(
            request.getMethod().toString(),
            request.getRequestURI(),
            request.getHeader("Sent"),
            body);
    response.setStatus(answer.status());
    if (answer.status() == 204) {
      return;
    }
    if (answer.chunked()) {
      response.getOutputStream().write(answer.body());
      response.flush();
    } else {
      response.setContentLength(answer.length());
      response.getOutputStream().write(answer.body());
    }
  }
}
