package io.httpaudit.stacks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;

public final class JdkServerStack implements Stack {
  @Override
  public int serve(SSLContext tls, Responder responder) throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    HttpServer server;
    if (tls == null) {
      server = HttpServer.create(any, 500);
    } else {
      HttpsServer secure = HttpsServer.create(any, 500);
      secure.setHttpsConfigurator(new HttpsConfigurator(tls));
      server = secure;
    }
    server.setExecutor(Executors.newCachedThreadPool(Daemons::thread));
    server.createContext("/", exchange -> take(exchange, responder));
    server.start();
    return server.getAddress().getPort();
  }

  private static void take(HttpExchange exchange, Responder responder) throws IOException {
    if (Wanted.isAsync(exchange.getRequestURI().getPath())) {
      Daemons.elsewhere(() -> answer(exchange, responder));
    } else {
      answer(exchange, responder);
    }
  }

  private static void answer(HttpExchange exchange, Responder responder) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      Answer answer =
          responder.answer(
              exchange.getRequestMethod(),
              exchange.getRequestURI().getPath(),
              exchange.getRequestHeaders().getFirst("Sent"),
              body);
      boolean none = answer.status() == 204 || exchange.getRequestMethod().equals("HEAD");
      if (none && answer.status() != 204) {
        exchange.getResponseHeaders().set("Content-Length", "" + answer.length());
      }
      boolean empty = answer.length() == 0 && !answer.chunked();
      exchange.sendResponseHeaders(
          answer.status(), none || empty ? -1 : answer.chunked() ? 0 : answer.length());
      if (!none) {
        exchange.getResponseBody().write(answer.body());
      }
    } catch (IOException | Thrown e) {
      throw e;
    } catch (Exception e) {
      Daemons.fail(e);
    }
  }
}
