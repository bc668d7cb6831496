package io.httpaudit.report;

import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.OptionalLong;

/** One JSON object, written in order (RFC 8259). Not shared between threads. */
final class Json {
  private static final String HEX = "0123456789abcdef";

  private final StringBuilder text = new StringBuilder(1024);
  private boolean first = true;

  Json begin() {
    text.setLength(0);
    text.append('{');
    first = true;
    return this;
  }

  byte[] line() {
    return text.append("}\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  private StringBuilder name(String name) {
    if (!first) {
      text.append(',');
    }
    first = false;
    return text.append('"').append(name).append("\":");
  }

  Json put(String name, String value) {
    name(name).append('"');
    escape(value);
    text.append('"');
    return this;
  }

  /** Nothing, where the value is empty. */
  Json known(String name, String value) {
    return value.isEmpty() ? this : put(name, value);
  }

  Json put(String name, long value) {
    name(name).append(value);
    return this;
  }

  Json put(String name, boolean value) {
    name(name).append(value);
    return this;
  }

  /** A finite number. */
  Json put(String name, double value) {
    name(name).append(value);
    return this;
  }

  Json micros(String name, OptionalLong nanos, long offset) {
    return nanos.isPresent() ? put(name, Math.floorDiv(nanos.getAsLong() + offset, 1000L)) : this;
  }

  /** Milliseconds, to the microsecond. */
  Json millis(String name, long nanos) {
    long micros = Math.floorDiv(nanos + 500, 1000L);
    name(name).append(micros / 1000).append('.');
    long rest = micros % 1000;
    if (rest % 100 == 0) {
      text.append(rest / 100);
    } else {
      text.append(rest / 100).append(rest / 10 % 10);
      if (rest % 10 != 0) {
        text.append(rest % 10);
      }
    }
    return this;
  }

  Json millis(String name, OptionalLong nanos) {
    return nanos.isPresent() ? millis(name, nanos.getAsLong()) : this;
  }

  /** RFC 3339, in UTC, to the microsecond. */
  Json time(String name, long epochNanos) {
    long micros = Math.floorDiv(epochNanos, 1000L);
    long seconds = Math.floorDiv(micros, 1_000_000L);
    long day = Math.floorDiv(seconds, 86_400L);
    int second = (int) Math.floorMod(seconds, 86_400L);
    name(name).append('"').append(LocalDate.ofEpochDay(day)).append('T');
    digits(second / 3600, 2).append(':');
    digits(second / 60 % 60, 2).append(':');
    digits(second % 60, 2).append('.');
    digits((int) Math.floorMod(micros, 1_000_000L), 6).append("Z\"");
    return this;
  }

  private StringBuilder digits(int value, int count) {
    int scale = 1;
    for (int i = 1; i < count; i++) {
      scale *= 10;
    }
    for (; scale > 0; scale /= 10) {
      text.append((char) ('0' + value / scale % 10));
    }
    return text;
  }

  Json object(String name) {
    name(name).append('{');
    first = true;
    return this;
  }

  Json end() {
    text.append('}');
    first = false;
    return this;
  }

  Json strings(String name, Iterable<String> values) {
    name(name).append('[');
    boolean more = false;
    for (String value : values) {
      text.append(more ? ",\"" : "\"");
      escape(value);
      text.append('"');
      more = true;
    }
    text.append(']');
    return this;
  }

  private void escape(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else if (c < ' ' || c == 0x7f || Character.isSurrogate(c)) {
        text.append("\\u").append(HEX.charAt(c >> 12)).append(HEX.charAt(c >> 8 & 15));
        text.append(HEX.charAt(c >> 4 & 15)).append(HEX.charAt(c & 15));
      } else {
        text.append(c);
      }
    }
  }
}
