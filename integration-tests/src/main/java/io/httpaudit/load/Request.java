package io.httpaudit.load;

import java.util.ArrayList;
import java.util.List;

/** A request's head as a server read it, tolerant of what it must be tolerant of. */
final class Request {
  static final long CHUNKED = -1;

  final String method;
  final String target;
  final String version;
  final Script script;

  private final List<String[]> fields = new ArrayList<>();

  /** Body bytes, or {@link #CHUNKED}. */
  long length;

  /** Nobody can say where it ends for certain. */
  boolean ambiguous;

  private Request(String method, String target, String version) {
    this.method = method;
    this.target = target;
    this.version = version;
    script = Script.of(target);
  }

  /** Null: this is not HTTP/1. */
  static Request of(List<String> lines) {
    String[] words = lines.get(0).split(" ");
    if (words.length != 3 || !words[0].matches("[A-Z]+") || !words[2].matches("HTTP/1\\.[01]")) {
      return null;
    }
    Request request = new Request(words[0], words[1], words[2]);
    for (String line : lines.subList(1, lines.size())) {
      request.field(line);
    }
    request.frame();
    return request;
  }

  private void field(String line) {
    if (line.startsWith(" ") || line.startsWith("\t")) {
      // obs-fold: the value goes on.
      fields.get(fields.size() - 1)[1] += " " + line.strip();
      return;
    }
    int colon = line.indexOf(':');
    if (colon <= 0) {
      ambiguous = true;
      return;
    }
    String name = line.substring(0, colon);
    if (!name.equals(name.strip())) {
      ambiguous = true;
    }
    fields.add(
        new String[] {
          name.strip().toLowerCase(java.util.Locale.ROOT), line.substring(colon + 1).strip()
        });
  }

  private void frame() {
    List<String> lengths = fields("content-length");
    List<String> codings = fields("transfer-encoding");
    if (lengths.stream().distinct().count() > 1 || !lengths.isEmpty() && !codings.isEmpty()) {
      ambiguous = true;
    }
    if (!codings.isEmpty()) {
      // Where it is served all the same, chunked has the last word, as RFC 9112 says.
      length = CHUNKED;
      if (!codings.get(codings.size() - 1).toLowerCase(java.util.Locale.ROOT).endsWith("chunked")) {
        ambiguous = true;
        length = 0;
      }
    } else if (!lengths.isEmpty()) {
      try {
        length = Long.parseLong(lengths.get(0));
      } catch (NumberFormatException e) {
        ambiguous = true;
      }
    }
  }

  List<String> fields(String name) {
    return fields.stream().filter(field -> field[0].equals(name)).map(field -> field[1]).toList();
  }

  boolean has(String name, String value) {
    return fields(name).stream().anyMatch(value::equalsIgnoreCase);
  }

  /** Whether the connection lasts behind the answer. */
  boolean persists() {
    return version.equals("HTTP/1.0")
        ? has("connection", "keep-alive")
        : !has("connection", "close");
  }
}
