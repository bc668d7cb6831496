package io.httpaudit.load.tls;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.httpaudit.stacks.Bodies;
import io.httpaudit.stacks.Daemons;
import io.httpaudit.stacks.Wanted;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** The JDK's server, which wraps and unwraps by an {@code SSLEngine}. */
final class EngineServer {
  private EngineServer() {}

  static int start(SSLContext context, SSLParameters settings) throws IOException {
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    server.setHttpsConfigurator(
        new HttpsConfigurator(context) {
          @Override
          public void configure(HttpsParameters parameters) {
            parameters.setSSLParameters(settings);
          }
        });
    server.createContext("/", EngineServer::answer);
    server.setExecutor(Executors.newCachedThreadPool(Daemons::thread));
    server.start();
    return server.getAddress().getPort();
  }

  private static void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      Wanted wanted = Wanted.of(exchange.getRequestURI().getPath());
      int sent = Integer.parseInt(exchange.getRequestHeaders().getFirst("Sent"));
      Bodies.check(wanted.number(), sent, exchange.getRequestBody().readAllBytes());
      if (exchange.getRequestMethod().equals("HEAD")) {
        exchange.getResponseHeaders().set("Content-Length", "" + wanted.bytes());
        exchange.sendResponseHeaders(200, -1);
        return;
      }
      if (wanted.bytes() == 0) {
        exchange.sendResponseHeaders(wanted.status(), -1);
        return;
      }
      exchange.sendResponseHeaders(wanted.status(), wanted.isChunked() ? 0 : wanted.bytes());
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(Bodies.of(wanted.number(), wanted.bytes()));
      }
    } catch (IOException | RuntimeException e) {
      Daemons.fail(e);
    }
  }
}
