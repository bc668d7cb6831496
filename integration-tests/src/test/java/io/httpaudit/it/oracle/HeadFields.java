package io.httpaudit.it.oracle;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The head of an HTTP/1.x message (RFC 9112, 2 to 6) that begins at a position of a stream's bytes.
 *
 * <p>It is ambiguous where INTERFACE.md, Verdicts, says so: bare LF or CR, space before a colon,
 * over 64 KiB, Content-Length with Transfer-Encoding, differing or invalid Content-Lengths, and
 * whatever is no HTTP/1.x head.
 */
final class HeadFields {
  private static final int LIMIT = 65_536;
  private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

  final int start;

  /** Behind the empty line; -1: the bytes end before. */
  int end = -1;

  boolean ambiguous;
  String startLine = "";
  private final List<String[]> fields = new ArrayList<>();

  HeadFields(byte[] bytes, int start, int length) {
    this.start = start;
    int at = start;
    for (; at < length && end < 0 && !ambiguous; at++) {
      if (at - start >= LIMIT) {
        ambiguous = true;
      } else if (bytes[at] == '\r') {
        ambiguous = at + 1 < length && bytes[at + 1] != '\n';
      } else if (bytes[at] == '\n') {
        ambiguous = at == start || bytes[at - 1] != '\r';
        if (at - 3 >= start && bytes[at - 2] == '\n') {
          end = at + 1;
        }
      }
    }
    lines(new String(bytes, start, at - start, StandardCharsets.ISO_8859_1));
  }

  private void lines(String head) {
    int line = head.indexOf("\r\n");
    if (line < 0) {
      return;
    }
    startLine = head.substring(0, line);
    int from = line + 2;
    for (int to = head.indexOf("\r\n", from); to > from; to = head.indexOf("\r\n", from)) {
      field(head.substring(from, to));
      from = to + 2;
    }
  }

  private void field(String line) {
    if (line.charAt(0) == ' ' || line.charAt(0) == '\t') {
      // obs-fold (RFC 9112, 5.2): goes on with the field before.
      if (fields.isEmpty()) {
        ambiguous = true;
      } else {
        fields.get(fields.size() - 1)[1] += " " + line.strip();
      }
      return;
    }
    int colon = line.indexOf(':');
    if (colon < 0 || !line.substring(0, colon).matches(TOKEN)) {
      ambiguous = true;
      return;
    }
    fields.add(
        new String[] {
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip()
        });
  }

  boolean isComplete() {
    return end >= 0 && !ambiguous;
  }

  /** All lines of one field, in one list (RFC 9110, 5.3); null: it isn't there. */
  String value(String name) {
    String all = null;
    for (String[] field : fields) {
      if (field[0].equals(name)) {
        all = all == null ? field[1] : all + "," + field[1];
      }
    }
    return all;
  }

  /** -1: there is none, -2: it isn't one number (RFC 9112, 6.3). */
  long contentLength() {
    String value = value("content-length");
    if (value == null) {
      return -1;
    }
    Set<Long> lengths = new HashSet<>();
    for (String one : value.split(",", -1)) {
      if (!one.strip().matches("[0-9]{1,18}")) {
        return -2;
      }
      lengths.add(Long.parseLong(one.strip()));
    }
    return lengths.size() == 1 ? lengths.iterator().next() : -2;
  }

  boolean hasTransferEncoding() {
    return value("transfer-encoding") != null;
  }

  /** Whether the last transfer coding is chunked. */
  boolean isChunked() {
    String[] codings = value("transfer-encoding").split(",");
    return codings.length > 0
        && codings[codings.length - 1].split(";")[0].strip().equalsIgnoreCase("chunked");
  }
}
