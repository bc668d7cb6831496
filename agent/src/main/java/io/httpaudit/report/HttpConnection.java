package io.httpaudit.report;

import io.opentelemetry.sdk.common.export.HttpSenderConfig;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * HTTP/1.1 (RFC 9112) to a collector: one request at a time over a plain or a TLS socket. One
 * thread.
 */
final class HttpConnection {
  private static final int LONGEST_LINE = 16 * 1024;
  private static final int MOST_HEADERS = 200;
  private static final int NO_CONTENT = 204;
  private static final int OK = 200;
  private static final int MILLIS = 1_000;

  /** Ended by the peer, or broken, before the first byte of an answer. */
  static final class EndedException extends SocketException {
    EndedException(String message) {
      super(message);
    }
  }

  /** The first {@code length} bytes of an array. */
  record Part(byte[] bytes, int length) {}

  private final Socket plain;
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final long mostBytes;
  private final long timeout;

  /** By when the answer to the request sent last must be there. */
  private long deadline;

  HttpConnection(HttpSenderConfig config) throws IOException {
    URI endpoint = config.getEndpoint();
    boolean tls = endpoint.getScheme().equals("https");
    Authority authority = Authority.of(endpoint.getRawAuthority());
    int port =
        authority.port() < 0 ? Authority.defaultPort(endpoint.getScheme()) : authority.port();
    timeout = config.getTimeout().toMillis();
    mostBytes = config.getMaxResponseBodySize();
    plain = connect(authority.host(), port, config.getConnectTimeout());
    try {
      plain.setTcpNoDelay(true);
      plain.setSoTimeout(bounded(timeout));
      begin();
      socket = tls ? secured(plain, authority.host(), port, config.getSslContext()) : plain;
      in = new BufferedInputStream(socket.getInputStream());
      out = socket.getOutputStream();
    } catch (IOException | RuntimeException e) {
      plain.close();
      throw e;
    }
  }

  /**
   * By the first of the host's addresses that answers: {@code localhost} may be two, with a
   * collector on one.
   */
  private static Socket connect(String host, int port, Duration timeout) throws IOException {
    IOException failure = null;
    for (InetAddress address : InetAddress.getAllByName(host)) {
      Socket socket = new Socket();
      try {
        socket.connect(new InetSocketAddress(address, port), bounded(timeout.toMillis()));
        return socket;
      } catch (SocketTimeoutException e) {
        socket.close();
        // To tell it from an answer that doesn't come: nothing was sent.
        failure = new ConnectException("connect timed out");
      } catch (IOException e) {
        socket.close();
        failure = e;
      }
    }
    throw failure;
  }

  /**
   * Not by {@link SSLContext#getDefault}: the first who asks for it decides for the application
   * what it is.
   */
  private static Socket secured(Socket plain, String host, int port, SSLContext configured)
      throws IOException {
    try {
      SSLContext context = configured;
      if (context == null) {
        context = SSLContext.getInstance("TLS");
        context.init(null, null, null);
      }
      SSLSocket socket =
          (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      return socket;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  /** As socket options have it, where 0 would be for ever. */
  private static int bounded(long millis) {
    return (int) Math.max(1, Math.min(Integer.MAX_VALUE, millis));
  }

  private void begin() {
    deadline = System.nanoTime() + timeout * 1_000_000;
    Deadline.begin(plain, deadline);
  }

  /** Sends a request, and waits for its final answer. */
  HttpReply exchange(byte[] head, List<Part> body) throws IOException {
    begin();
    try {
      send(head, body);
      return receive();
    } catch (SocketException e) {
      if (System.nanoTime() - deadline >= 0) {
        throw new SocketTimeoutException("no answer in time");
      }
      throw e;
    } finally {
      Deadline.done();
    }
  }

  private void send(byte[] head, List<Part> body) throws IOException {
    try {
      out.write(head);
      for (Part part : body) {
        out.write(part.bytes(), 0, part.length());
      }
      out.flush();
    } catch (SocketException e) {
      throw new EndedException(e.getMessage());
    }
  }

  private HttpReply receive() throws IOException {
    while (true) {
      String line = statusLine();
      int status = status(line);
      Fields fields = fields();
      if (status >= OK) {
        String version = line.substring(0, line.indexOf(' '));
        return reply(status, line, fields, !version.equals("HTTP/1.0"));
      }
    }
  }

  private String statusLine() throws IOException {
    try {
      String line = line();
      if (line == null) {
        throw new EndedException("the collector closed the connection");
      }
      return line;
    } catch (EndedException e) {
      throw e;
    } catch (SocketException e) {
      throw new EndedException(e.getMessage());
    }
  }

  private static int status(String line) throws IOException {
    if (line.startsWith("HTTP/1.") && line.length() >= 12) {
      try {
        return Integer.parseInt(line.substring(9, 12));
      } catch (NumberFormatException e) {
        // Told below.
      }
    }
    throw new IOException("no HTTP answer");
  }

  /** The fields that matter here; -1: not there. */
  private static final class Fields {
    private long length = -1;
    private boolean chunked;
    private boolean closes;
    private long retryAfterSeconds;

    void add(String line) throws IOException {
      int colon = line.indexOf(':');
      if (colon < 0) {
        throw new IOException("no HTTP answer");
      }
      String value = line.substring(colon + 1).trim().toLowerCase(Locale.ROOT);
      switch (line.substring(0, colon).toLowerCase(Locale.ROOT)) {
        case "content-length":
          length = number(value, 10);
          break;
        case "transfer-encoding":
          chunked = value.endsWith("chunked");
          break;
        case "connection":
          closes = value.contains("close");
          break;
        case "retry-after":
          // Or a date, which is not worth reading.
          retryAfterSeconds = value.matches("[0-9]{1,6}") ? Long.parseLong(value) : 0;
          break;
        default:
          break;
      }
    }
  }

  private Fields fields() throws IOException {
    Fields fields = new Fields();
    for (int i = 0; i < MOST_HEADERS; i++) {
      String line = wholeLine();
      if (line.isEmpty()) {
        return fields;
      }
      fields.add(line);
    }
    throw new IOException("an answer with more than " + MOST_HEADERS + " fields");
  }

  private HttpReply reply(int status, String line, Fields fields, boolean persistent)
      throws IOException {
    boolean keepsAlive = persistent && !fields.closes;
    byte[] body;
    if (status == NO_CONTENT) {
      body = new byte[0];
    } else if (fields.chunked) {
      body = chunks();
    } else if (fields.length >= 0) {
      body = exactly(fields.length);
    } else {
      keepsAlive = false;
      body = in.readNBytes((int) mostBytes);
    }
    String message = line.length() > 13 ? line.substring(13) : "";
    return new HttpReply(status, message, body, fields.retryAfterSeconds * MILLIS, keepsAlive);
  }

  private byte[] chunks() throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      String line = wholeLine();
      int extension = line.indexOf(';');
      long size = number((extension < 0 ? line : line.substring(0, extension)).trim(), 16);
      if (size == 0) {
        while (!wholeLine().isEmpty()) {
          // A trailer.
        }
        return body.toByteArray();
      }
      if (body.size() + size > mostBytes) {
        throw new IOException("an answer of more than " + mostBytes + " bytes");
      }
      body.write(exactly(size));
      wholeLine();
    }
  }

  private byte[] exactly(long length) throws IOException {
    if (length > mostBytes) {
      throw new IOException("an answer of more than " + mostBytes + " bytes");
    }
    byte[] bytes = in.readNBytes((int) length);
    if (bytes.length < length) {
      throw new EOFException("the answer was cut off");
    }
    return bytes;
  }

  private static long number(String digits, int radix) throws IOException {
    try {
      long value = Long.parseLong(digits, radix);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw new IOException("no HTTP answer");
  }

  private String wholeLine() throws IOException {
    String line = line();
    if (line == null) {
      throw new EOFException("the answer was cut off");
    }
    return line;
  }

  /** Null: the end came first. */
  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(80);
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        return null;
      }
      if (b != '\r') {
        line.write(b);
      }
      if (line.size() > LONGEST_LINE) {
        throw new IOException("no HTTP answer");
      }
    }
    return line.toString(StandardCharsets.ISO_8859_1);
  }

  void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // It is gone either way.
      return;
    }
  }
}
