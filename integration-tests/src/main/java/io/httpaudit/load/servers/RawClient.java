package io.httpaudit.load.servers;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * One connection of a client that writes what it is told to, and reads responses by their frame.
 */
final class RawClient implements AutoCloseable {
  /** A response, its fields' names in lower case. */
  record Response(int status, Map<String, String> fields) {}

  private final Socket socket;
  private final InputStream in;

  RawClient(Crowd.Server server) throws IOException {
    socket = server.on().connect(server.port());
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(30_000);
    in = new BufferedInputStream(socket.getInputStream());
  }

  void write(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  Response read(boolean bodiless) throws IOException {
    String status = line();
    Map<String, String> fields = new HashMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      fields.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
    }
    int code = Integer.parseInt(status.substring(9, 12));
    if (code == 100) {
      return read(bodiless);
    }
    if (!bodiless && code != 204) {
      body(fields);
    }
    return new Response(code, fields);
  }

  private void body(Map<String, String> fields) throws IOException {
    if (fields.containsKey("content-length")) {
      in.skipNBytes(Long.parseLong(fields.get("content-length")));
    } else if (fields.getOrDefault("transfer-encoding", "").equals("chunked")) {
      for (int n = Integer.parseInt(line(), 16); n > 0; n = Integer.parseInt(line(), 16)) {
        in.skipNBytes(n + 2);
      }
      line();
    } else {
      in.readAllBytes();
    }
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int c = in.read();
      if (c < 0) {
        throw new EOFException(line.toString());
      }
      if (c == '\n') {
        return line.toString().strip();
      }
      line.append((char) c);
    }
  }

  /** The connection ends with a RST. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
