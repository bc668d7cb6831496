package io.httpaudit.it;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLServerSocket;

/**
 * Takes down each request's head as it comes from the socket, before anything of HTTP is made of
 * it. The first segment of the path says how it answers; {@code plain} is 200 with two bytes. As a
 * proxy it opens tunnels, to whatever port of this host is asked for, to {@code auth.test} for
 * those alone who say who they are.
 */
final class RecordingServer implements AutoCloseable {
  /** A request's head; {@code lines} without the empty one. */
  record Heard(List<String> lines, int clientPort) {
    String target() {
      return lines.get(0).split(" ")[1];
    }

    String method() {
      return lines.get(0).split(" ")[0];
    }

    /** Of each field of that name, its value. */
    List<String> field(String name) {
      List<String> values = new ArrayList<>();
      for (String line : lines) {
        if (line.regionMatches(true, 0, name + ":", 0, name.length() + 1)) {
          values.add(line.substring(name.length() + 1).trim());
        }
      }
      return values;
    }
  }

  private final ServerSocket server;
  private final List<Heard> heard = new ArrayList<>();
  private final Set<String> dropped = new HashSet<>();
  private final Map<String, String> elsewhere = new ConcurrentHashMap<>();

  RecordingServer(ServerSocket server) {
    this.server = server;
    start(this::accept);
  }

  private static void start(Runnable what) {
    Thread thread = new Thread(what, "recording-server");
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return server.getLocalPort();
  }

  /** Where those are sent whose path begins with this segment. */
  void redirect(String segment, String to) {
    elsewhere.put(segment, to);
  }

  synchronized List<Heard> heard() {
    return List.copyOf(heard);
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket accepted = server.accept();
        start(() -> serve(accepted));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket accepted) {
    try (Socket socket = accepted) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      while (true) {
        List<String> head = head(in);
        if (head.isEmpty()) {
          return;
        }
        Heard request = new Heard(head, socket.getPort());
        boolean again = take(request);
        body(request, in);
        if (isGranted(request)) {
          tunnel(request, socket, in);
          return;
        }
        String answer = answer(request, again);
        out.write(answer.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
        if (answer.isEmpty() || request.target().contains("/close/")) {
          return;
        }
      }
    } catch (IOException e) {
      // The client is gone.
    }
  }

  private static boolean isGranted(Heard request) {
    return request.method().equals("CONNECT")
        && (!request.target().startsWith("auth.test:")
            || !request.field("proxy-authorization").isEmpty());
  }

  private static void tunnel(Heard request, Socket client, InputStream in) throws IOException {
    int port = Integer.parseInt(request.target().substring(request.target().indexOf(':') + 1));
    try (Socket server = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = client.getOutputStream();
      out.write("HTTP/1.1 200 Granted\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
      start(
          () -> {
            try (client) {
              server.getInputStream().transferTo(out);
            } catch (IOException e) {
              // One of both is gone.
            }
          });
      in.transferTo(server.getOutputStream());
    }
  }

  /** Whether this very target was heard before. */
  private synchronized boolean take(Heard request) {
    heard.add(request);
    return !dropped.add(request.target());
  }

  private static List<String> head(InputStream in) throws IOException {
    List<String> lines = new ArrayList<>();
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      int c = in.read();
      if (c < 0) {
        return List.of();
      }
      if (c != '\n') {
        line.write(c);
        continue;
      }
      String text = line.toString(StandardCharsets.ISO_8859_1);
      line.reset();
      if (text.equals("\r")) {
        return lines;
      }
      lines.add(text.substring(0, text.length() - 1));
    }
  }

  private static void body(Heard request, InputStream in) throws IOException {
    if (!request.field("transfer-encoding").isEmpty()) {
      int size;
      do {
        size = Integer.parseInt(line(in), 16);
        if (in.readNBytes(size).length < size) {
          throw new EOFException();
        }
        line(in);
      } while (size > 0);
    } else if (!request.field("content-length").isEmpty()) {
      in.readNBytes(Integer.parseInt(request.field("content-length").get(0)));
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException();
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  /** Empty: none, and the connection is closed. */
  private String answer(Heard request, boolean again) {
    String target = request.target();
    if (request.method().equals("CONNECT")) {
      return "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\n"
          + "Content-Length: 0\r\n\r\n";
    }
    String to = elsewhere.get(target.split("/")[1]);
    if (to != null) {
      return response(
          "302 Found", "Location: " + to + target.substring(target.lastIndexOf('/') + 1));
    }
    if (target.contains("/redirect/")) {
      return response(
          "302 Found", "Location: /plain/" + target.substring(target.lastIndexOf('/') + 1));
    }
    if (target.contains("/elsewhere/")) {
      return response(
          "302 Found",
          "Location: "
              + (server instanceof SSLServerSocket ? "https" : "http")
              + "://127.0.0.1:"
              + port()
              + "/plain/"
              + target.substring(target.lastIndexOf('/') + 1));
    }
    if (target.contains("/auth/") && request.field("authorization").isEmpty()) {
      return response(
          "401 Who",
          "WWW-Authenticate: Basic realm=\"" + target.substring(target.lastIndexOf('/')) + "\"");
    }
    if (target.contains("/drop/") && !again) {
      return "";
    }
    if (target.contains("/empty/")) {
      return "HTTP/1.1 204 Empty\r\n\r\n";
    }
    return response("200 OK", "X-Answer: 1");
  }

  private static String response(String status, String field) {
    return "HTTP/1.1 " + status + "\r\n" + field + "\r\nContent-Length: 2\r\n\r\nok";
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
