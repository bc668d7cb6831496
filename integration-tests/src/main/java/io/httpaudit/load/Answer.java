package io.httpaudit.load;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** The answer that a {@link Script} asks for, as steps. */
final class Answer {
  private static final int PIECE = 32 * 1024;

  private final Request request;
  private final Script script;
  private final String read;
  private final String framing;
  private final Random random;

  /**
   * @param read what came of the request's body
   */
  Answer(Request request, String read) {
    this.request = request;
    this.read = read;
    script = request.script;
    random = new Random(script.id());
    // HTTP/1.0 knows no chunks.
    String asked = script.text("body", "length");
    framing = request.version.equals("HTTP/1.0") && asked.equals("chunked") ? "close" : asked;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  boolean upgrades() {
    return script.status() == 101;
  }

  boolean persists() {
    return request.persists()
        && script.text("then", "keep").equals("keep")
        && (!framing.equals("close") || script.bodiless(request.method));
  }

  /** Whether it ends by half-closing, and closes once the peer has ended too. */
  boolean lingers() {
    return script.is("then", "linger") || script.has("early");
  }

  List<Step> steps() {
    List<Step> steps = new ArrayList<>();
    if (script.has("delay")) {
      steps.add(new Step.Pause(script.number("delay", 0)));
    }
    StringBuilder interim = new StringBuilder();
    if (script.has("interim")) {
      for (String status : script.text("interim", "").split("\\+")) {
        interim.append("HTTP/1.1 ").append(status).append(" Soon\r\nLink: </style.css>\r\n\r\n");
      }
    }
    if (interim.length() > 0 && !script.has("join")) {
      steps.add(Step.Write.of(bytes(interim.toString())));
      interim.setLength(0);
    }
    message(steps, bytes(interim + head()));
    if (script.has("at")) {
      cut(steps, script.number("at", 0));
    }
    if (script.is("then", "rst")) {
      steps.add(Step.RESET);
    } else if (!persists() && lingers()) {
      steps.add(Step.FIN);
    }
    return steps;
  }

  private String head() {
    boolean old = request.version.equals("HTTP/1.0");
    StringBuilder head = new StringBuilder(old ? "HTTP/1.0 " : "HTTP/1.1 ").append(script.status());
    head.append(' ').append("Scripted").append("\r\n");
    if (upgrades()) {
      return head.append("Connection: Upgrade\r\nUpgrade: echo\r\n\r\n").toString();
    }
    head.append("X-Got: ").append(read).append("\r\n");
    String colon = script.is("quirk", "space") ? " : " : ": ";
    if (script.status() != 204) {
      if (framing.equals("length")) {
        head.append("Content-Length").append(colon).append(script.size()).append("\r\n");
        if (script.is("quirk", "repeated")) {
          head.append("content-length: ").append(script.size()).append("\r\n");
        } else if (script.is("quirk", "differing")) {
          head.append("Content-Length: ").append(script.size() + 1).append("\r\n");
        }
      } else if (framing.equals("chunked")) {
        head.append("Transfer-Encoding").append(colon).append("chunked\r\n");
        if (script.is("quirk", "both")) {
          head.append("Content-Length: ").append(script.size()).append("\r\n");
        }
      }
    }
    if (!persists()) {
      head.append("Connection: close\r\n");
    } else if (old) {
      head.append("Connection: keep-alive\r\n");
    }
    if (script.is("quirk", "fold")) {
      head.append("X-Folded: one\r\n two\r\n\tthree\r\n");
    }
    for (int left = script.number("headpad", 0); left > 0; left -= 1000) {
      head.append("X-Pad: ").append("p".repeat(Math.min(1000, left))).append("\r\n");
    }
    head.append("\r\n");
    return script.is("quirk", "lf") ? head.toString().replace("\r\n", "\n") : head.toString();
  }

  private void message(List<Step> steps, byte[] head) {
    boolean body = !script.bodiless(request.method) && !framing.equals("none") && !upgrades();
    List<ByteBuffer> parts =
        body && !script.is("cut", "file")
            ? Body.parts(
                script.id(),
                script.size(),
                framing.equals("chunked"),
                script.has("ext"),
                script.has("trail"),
                random)
            : List.of();
    switch (script.text("cut", "apart")) {
      case "bytes":
        for (byte b : head) {
          steps.add(Step.Write.of(new byte[] {b}));
        }
        gap(steps);
        for (ByteBuffer part : parts) {
          steps.add(Step.Write.of(part));
        }
        break;
      case "gather":
        List<ByteBuffer> all = new ArrayList<>();
        all.add(ByteBuffer.wrap(head));
        all.addAll(parts);
        steps.add(new Step.Write(all));
        break;
      case "whole":
        steps.add(Step.Write.of(Body.join(head, parts)));
        break;
      case "odd":
        byte[] whole = Body.join(head, parts);
        for (int from = 0; from < whole.length; ) {
          int n =
              Math.min(
                  whole.length - from, 1 + random.nextInt(random.nextInt(10) == 0 ? 5000 : 100));
          steps.add(Step.Write.of(ByteBuffer.wrap(whole, from, n)));
          from += n;
        }
        break;
      case "file":
        steps.add(Step.Write.of(head));
        gap(steps);
        if (body) {
          steps.add(new Step.SendFile(PatternFile.position(script.id()), script.size()));
        }
        break;
      default:
        steps.add(Step.Write.of(head));
        gap(steps);
        for (int i = 0; i < parts.size(); i++) {
          steps.add(Step.Write.of(parts.get(i)));
        }
    }
  }

  private void gap(List<Step> steps) {
    if (script.has("gap")) {
      steps.add(new Step.Pause(script.number("gap", 0)));
    }
  }

  /** Leaves {@code length} bytes of what would be written. */
  private static void cut(List<Step> steps, int length) {
    int left = length;
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i) instanceof Step.Write write) {
        List<ByteBuffer> kept = new ArrayList<>();
        for (ByteBuffer buffer : write.buffers()) {
          int n = Math.min(left, buffer.remaining());
          if (n > 0) {
            kept.add(buffer.slice(buffer.position(), n));
            left -= n;
          }
        }
        if (kept.isEmpty()) {
          steps.remove(i--);
        } else {
          steps.set(i, new Step.Write(kept));
        }
      }
    }
  }
}
