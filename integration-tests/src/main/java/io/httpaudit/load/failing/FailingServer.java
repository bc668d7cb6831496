package io.httpaudit.load.failing;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/**
 * A server for each case: {@code FOLDER engine|socket CASE …}. Prints {@code CASE PORT} for each,
 * then {@code ready}, and ends when standard input does.
 */
public final class FailingServer {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final String ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  private FailingServer() {}

  public static void main(String[] words) throws Exception {
    Keys keys = new Keys(Path.of(words[0]));
    for (int i = 2; i < words.length; i++) {
      Case of = Case.of(words[i]);
      SSLContext context = keys.context(own(of));
      int port = words[1].equals("engine") ? engine(of, context) : socket(of, context);
      System.out.println(words[i] + " " + port);
    }
    System.out.println("ready");
    while (System.in.read() >= 0) {
      // Its end is awaited.
    }
    System.exit(0);
  }

  private static String own(Case of) {
    return switch (of.name()) {
      case "expired" -> "expired";
      case "name" -> "other";
      default -> "server";
    };
  }

  private static void set(Case of, SSLParameters parameters) {
    of.set(parameters);
    parameters.setNeedClientAuth(of.name().startsWith("client-"));
  }

  private static int engine(Case of, SSLContext context) throws IOException {
    HttpsServer server = HttpsServer.create(new InetSocketAddress(LOOPBACK, 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(context) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters made = getSSLContext().getDefaultSSLParameters();
            set(of, made);
            parameters.setSSLParameters(made);
          }
        });
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    server.start();
    return server.getAddress().getPort();
  }

  private static int socket(Case of, SSLContext context)
      throws IOException, GeneralSecurityException {
    SSLServerSocket server =
        (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 0, LOOPBACK);
    SSLParameters parameters = server.getSSLParameters();
    set(of, parameters);
    server.setSSLParameters(parameters);
    Thread thread =
        new Thread(
            () -> {
              while (true) {
                try (SSLSocket socket = (SSLSocket) server.accept()) {
                  socket.setSoTimeout(of.patience());
                  serve(socket);
                } catch (IOException e) {
                  System.out.println(of.name() + ": " + e);
                }
              }
            });
    thread.setDaemon(true);
    thread.start();
    return server.getLocalPort();
  }

  private static void serve(SSLSocket socket) throws IOException {
    BufferedReader in =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
    String line = in.readLine();
    while (line != null && !line.isEmpty()) {
      line = in.readLine();
    }
    if (line != null) {
      socket.getOutputStream().write(ANSWER.getBytes(StandardCharsets.ISO_8859_1));
    }
  }
}
