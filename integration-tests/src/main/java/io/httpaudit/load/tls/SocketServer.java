package io.httpaudit.load.tls;

import io.httpaudit.stacks.Bodies;
import io.httpaudit.stacks.Daemons;
import io.httpaudit.stacks.Wanted;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** A small HTTP/1.1 server on {@code SSLSocket}s, a thread each. */
final class SocketServer {
  /** RFC 5246, 7.4.1.1: the server may ask for another handshake at any time. */
  private static final boolean RENEGOTIATES = Boolean.getBoolean("renegotiate");

  private SocketServer() {}

  static int start(SSLContext context, SSLParameters settings) throws IOException {
    SSLServerSocket server =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 100, InetAddress.getLoopbackAddress());
    server.setSSLParameters(settings);
    Daemons.thread(() -> accept(server)).start();
    return server.getLocalPort();
  }

  private static void accept(SSLServerSocket server) {
    try {
      while (true) {
        SSLSocket socket = (SSLSocket) server.accept();
        Daemons.thread(() -> serve(socket)).start();
      }
    } catch (IOException e) {
      Daemons.fail(e);
    }
  }

  private static void serve(SSLSocket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      int answered = 0;
      for (String line = line(in); line != null; line = line(in)) {
        answer(line, in, socket.getOutputStream());
        if (RENEGOTIATES && ++answered % 9 == 0) {
          socket.startHandshake();
        }
      }
    } catch (IOException | RuntimeException e) {
      Daemons.fail(e);
    }
  }

  private static void answer(String requestLine, InputStream in, OutputStream out)
      throws IOException {
    String[] words = requestLine.split(" ");
    Wanted wanted = Wanted.of(words[1]);
    int sent = -1;
    int length = 0;
    boolean chunked = false;
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      String[] field = line.toLowerCase(Locale.ROOT).split(": ", 2);
      switch (field[0]) {
        case "sent" -> sent = Integer.parseInt(field[1]);
        case "content-length" -> length = Integer.parseInt(field[1]);
        case "transfer-encoding" -> chunked = true;
        default -> {}
      }
    }
    Bodies.check(wanted.number(), sent, chunked ? chunks(in) : exactly(in, length));
    write(wanted, words[0].equals("HEAD"), out);
  }

  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int size = size(in); size > 0; size = size(in)) {
      body.write(exactly(in, size));
      line(in);
    }
    line(in);
    return body.toByteArray();
  }

  private static int size(InputStream in) throws IOException {
    return Integer.parseInt(line(in), 16);
  }

  private static byte[] exactly(InputStream in, int bytes) throws IOException {
    byte[] body = in.readNBytes(bytes);
    if (body.length < bytes) {
      throw new EOFException();
    }
    return body;
  }

  /** Without its CRLF; null: the peer has closed. */
  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        return null;
      }
      line.write(b);
    }
    return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
  }

  /** In one write, in two, or in many. */
  private static void write(Wanted wanted, boolean headOnly, OutputStream out) throws IOException {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    message.writeBytes(text("HTTP/1.1 " + wanted.status() + " OK\r\n"));
    if (wanted.isChunked()) {
      message.writeBytes(text("Transfer-Encoding: chunked\r\n\r\n"));
    } else if (wanted.status() == 200) {
      message.writeBytes(text("Content-Length: " + wanted.bytes() + "\r\n\r\n"));
    } else {
      message.writeBytes(text("\r\n"));
    }
    int head = message.size();
    if (!headOnly) {
      body(wanted, message);
    }
    byte[] bytes = message.toByteArray();
    int piece = piece(wanted.number(), head, bytes.length);
    for (int from = 0; from < bytes.length; from += piece) {
      out.write(bytes, from, Math.min(piece, bytes.length - from));
    }
  }

  private static int piece(int number, int head, int whole) {
    return switch (number % 4) {
      case 0 -> whole;
      case 1 -> Math.max(head, whole / 40);
      case 2 -> 1 + whole / 7;
      default -> whole / 2 + 1;
    };
  }

  private static void body(Wanted wanted, ByteArrayOutputStream message) {
    byte[] body = Bodies.of(wanted.number(), wanted.bytes());
    if (!wanted.isChunked()) {
      message.writeBytes(body);
      return;
    }
    int chunk = 1 + body.length / 3;
    for (int from = 0; from < body.length; from += chunk) {
      int to = Math.min(body.length, from + chunk);
      message.writeBytes(text(Integer.toHexString(to - from) + "\r\n"));
      message.writeBytes(Arrays.copyOfRange(body, from, to));
      message.writeBytes(text("\r\n"));
    }
    message.writeBytes(text("0\r\n\r\n"));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
