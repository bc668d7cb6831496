package io.httpaudit.http;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The oracle: RFC 9112's grammar as regular expressions over a whole stream at once, slow and
 * plain. It shares nothing with {@link MessageParser}: no state, no bytes one by one. All requests
 * are on their way before the first response.
 */
final class ReferenceParser {
  private static final String TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]++";
  private static final String FIELDS =
      "(?:" + TOKEN + ":[^\\r\\n]*+\\r\\n(?:[ \\t][^\\r\\n]*+\\r\\n)*+)*+\\r\\n";
  private static final Pattern REQUEST =
      Pattern.compile(
          "(" + TOKEN + ") ([^\\x00-\\x20\\x7f]++) HTTP/1\\.([0-9])\\r\\n(" + FIELDS + ")");
  private static final Pattern RESPONSE =
      Pattern.compile("HTTP/1\\.([0-9]) ([1-9][0-9]{2})(?: [^\\r\\n]*+)?\\r\\n(" + FIELDS + ")");
  private static final Pattern FIELD =
      Pattern.compile("([^:\\r\\n]+):((?:[^\\r\\n]|\\r\\n[ \\t])*+)\\r\\n");
  private static final Pattern PREFACE =
      Pattern.compile("PRI \\* HTTP/2\\.0\\r\\n\\r\\nSM\\r\\n\\r\\n");

  private static final String CODING =
      "(" + TOKEN + ")([ \\t]*+;(?:[^\",]|\"(?:[^\"\\\\]|\\\\.)*+\")*+)?+[ \\t]*+";
  private static final Pattern CODINGS =
      Pattern.compile(
          "[ \\t]*+(?:" + CODING + ")?+(?:,[ \\t]*+(?:" + CODING + ")?+)*+", Pattern.DOTALL);
  private static final Pattern ONE_CODING = Pattern.compile(CODING, Pattern.DOTALL);

  private static final Pattern CHUNK_LINE =
      Pattern.compile("([0-9A-Fa-f]{1,32}+)(?:[; \\t][^\\r\\n]*+)?\\r\\n");
  private static final Pattern CHUNK_END = Pattern.compile("\\r\\n");
  private static final Pattern TRAILERS = Pattern.compile("(?:[^\\r\\n]++\\r\\n)*+\\r\\n");
  private static final Pattern DIGITS = Pattern.compile("[0-9]+");
  private static final BigInteger MOST = BigInteger.TEN.pow(18);
  private static final BigInteger MOST_CHUNK = BigInteger.ONE.shiftLeft(59);

  /** A place in the stream that isn't one. */
  private static final int INCOMPLETE = -1;

  private static final int UNKNOWN = -2;

  private final String requests;
  private final String responses;
  private final boolean orderly;
  private final List<String> requestsTold = new ArrayList<>();
  private final List<String> responsesTold = new ArrayList<>();

  /** Method, and whether there is an Upgrade, of each request that was framed. */
  private record Asked(String method, boolean upgrade) {}

  private final List<Asked> asked = new ArrayList<>();
  private boolean http2;

  /** RFC 8446, 5.1: a record of a handshake. */
  private boolean tls;

  private ReferenceParser(String requests, String responses, boolean orderly) {
    this.requests = requests;
    this.responses = responses;
    this.orderly = orderly;
  }

  /**
   * @param orderly both directions end with a FIN; else by a reset
   */
  static Talk.Told told(String requests, String responses, boolean orderly) {
    ReferenceParser parser = new ReferenceParser(requests, responses, orderly);
    parser.requests();
    parser.responses();
    return new Talk.Told(parser.requestsTold, parser.responsesTold);
  }

  private static int match(Matcher matcher, int from, int length) {
    matcher.region(from, length);
    return matcher.lookingAt() ? matcher.end() : matcher.hitEnd() ? INCOMPLETE : UNKNOWN;
  }

  private void requests() {
    int at = 0;
    for (int index = 0; ; index++) {
      while (requests.startsWith("\r\n", at)) {
        at += 2;
      }
      String rest = requests.substring(at);
      if (rest.isEmpty() || rest.equals("\r")) {
        return;
      }
      if (at == 0 && requests.charAt(0) == 22) {
        tls = true;
        requestsTold.add("tls from 0");
        return;
      }
      if (at == 0 && match(PREFACE.matcher(requests), 0, requests.length()) != UNKNOWN) {
        http2 = requests.length() >= 24;
        requestsTold.add(http2 ? "http2 from 0" : "ended 0 at " + requests.length() + " cut");
        return;
      }
      Matcher head = REQUEST.matcher(requests);
      int end = match(head, at, requests.length());
      if (end == INCOMPLETE) {
        requestsTold.add("ended " + index + " at " + requests.length() + " cut");
        return;
      }
      Fields fields = end == UNKNOWN ? null : new Fields(head.group(4), head.group(3));
      if (fields == null || fields.faulty || fields.coded && !fields.chunked) {
        requestsTold.add("unknown " + index + " from " + at);
        return;
      }
      asked.add(new Asked(head.group(1), fields.upgrade));
      long length = fields.length == null ? 0 : fields.length.longValue();
      requestsTold.add(
          "head "
              + index
              + " "
              + head.group(1)
              + " target="
              + head.group(2)
              + fields.host
              + fields.kept()
              + " 1."
              + head.group(3)
              + " from "
              + at
              + " to "
              + end
              + " expects "
              + (fields.chunked ? -1 : end + length));
      int start = at;
      at = body(requests, end, fields.chunked, length);
      if (!ended(requestsTold, index, start, at, requests)) {
        return;
      }
      if ((fields.upgrade || head.group(1).equalsIgnoreCase("connect")) && at < requests.length()) {
        requestsTold.add("unknown " + (index + 1) + " from " + at);
        return;
      }
    }
  }

  /** Tells how a body ended; whether the next message may follow. */
  private static boolean ended(List<String> told, int index, int start, int end, String all) {
    if (end == UNKNOWN) {
      told.add("unknown " + index + " from " + start);
    } else {
      told.add("ended " + index + " at " + (end < 0 ? all.length() + " cut" : end));
    }
    return end >= 0;
  }

  private static int body(String all, int from, boolean chunked, long length) {
    if (!chunked) {
      return from + length <= all.length() ? from + (int) length : INCOMPLETE;
    }
    int at = from;
    while (true) {
      Matcher line = CHUNK_LINE.matcher(all);
      int data = match(line, at, all.length());
      int digits = at;
      while (digits < all.length()
          && Character.digit(all.charAt(digits), 16) >= 0
          && all.charAt(digits) < 128) {
        digits++;
      }
      if (digits - at > 32
          || digits > at
              && new BigInteger(all.substring(at, digits), 16).compareTo(MOST_CHUNK) >= 0) {
        return UNKNOWN;
      }
      if (data < 0) {
        return data;
      }
      long size = Long.parseLong(line.group(1), 16);
      if (size == 0) {
        return match(TRAILERS.matcher(all), data, all.length());
      }
      if (data + size > all.length()) {
        return INCOMPLETE;
      }
      at = match(CHUNK_END.matcher(all), data + (int) size, all.length());
      if (at < 0) {
        return at;
      }
    }
  }

  private void responses() {
    int at = 0;
    if (http2 || tls) {
      return;
    }
    for (int index = 0; at < responses.length(); index++) {
      int start = at;
      Matcher head = RESPONSE.matcher(responses);
      Asked question = index < asked.size() ? asked.get(index) : null;
      int end = match(head, at, responses.length());
      int status = end < 0 ? 0 : Integer.parseInt(head.group(2));
      boolean ambiguous = end >= 0 && ambiguous(question, head, status);
      boolean granted = !ambiguous && end >= 0 && granted(question, status);
      while (end >= 0 && !ambiguous && status < 200 && !granted) {
        at = end;
        end = match(head, at, responses.length());
        status = end < 0 ? 0 : Integer.parseInt(head.group(2));
        ambiguous = end >= 0 && ambiguous(question, head, status);
        granted = !ambiguous && end >= 0 && granted(question, status);
      }
      if (end == INCOMPLETE) {
        responsesTold.add("ended " + index + " at " + responses.length() + " cut");
        return;
      }
      if (end == UNKNOWN || ambiguous) {
        responsesTold.add("unknown " + index + " from " + start);
        return;
      }
      Fields fields = new Fields(head.group(3), head.group(1));
      boolean none = granted || question.method.equals("HEAD") || status == 204 || status == 304;
      boolean untilClose = !none && !fields.chunked && (fields.coded || fields.length == null);
      long length = none || fields.length == null ? 0 : fields.length.longValue();
      responsesTold.add(
          "head "
              + index
              + " "
              + status
              + " 1."
              + head.group(1)
              + " from "
              + start
              + (at == start ? "" : " final " + at)
              + " to "
              + end
              + " expects "
              + (untilClose || !none && fields.chunked ? -1 : end + length));
      if (untilClose) {
        responsesTold.add("ended " + index + " at " + responses.length() + (orderly ? "" : " cut"));
        return;
      }
      at = body(responses, end, !none && fields.chunked, length);
      if (!ended(responsesTold, index, start, at, responses)) {
        return;
      }
      if (granted) {
        responsesTold.add("upgraded from " + at);
        return;
      }
    }
  }

  private static boolean granted(Asked question, int status) {
    return status == 101 && question.upgrade
        || status / 100 == 2 && question.method.equals("CONNECT");
  }

  private static boolean ambiguous(Asked question, Matcher head, int status) {
    boolean odd =
        question != null
            && (question.method.equalsIgnoreCase("head") && !question.method.equals("HEAD")
                || question.method.equalsIgnoreCase("connect")
                    && !question.method.equals("CONNECT"));
    return question == null
        || odd
        || new Fields(head.group(3), head.group(1)).faulty
        || status == 101 && !question.upgrade;
  }

  /** The fields that frame. */
  private static final class Fields {
    BigInteger length;
    boolean faulty;
    boolean coded;
    boolean chunked;
    boolean upgrade;
    String host = "";
    private boolean hasHost;
    private final Map<String, List<String>> values = new HashMap<>();

    Fields(String lines, String minor) {
      Matcher field = FIELD.matcher(lines);
      while (field.lookingAt()) {
        String value = field.group(2).replaceAll("\\r\\n([ \\t])", "$1");
        switch (field.group(1).toLowerCase(Locale.ROOT)) {
          case "content-length" -> lengths(value);
          case "transfer-encoding" -> codings(value);
          case "upgrade" -> upgrade = true;
          case "host" -> {
            String trimmed = value.replaceAll("^[ \\t]+|[ \\t]+$", "");
            if (!hasHost && !trimmed.isEmpty()) {
              host = " host=" + trimmed;
            }
            hasHost = true;
          }
          default ->
              values
                  .computeIfAbsent(
                      field.group(1).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
                  .add(value.replaceAll("^[ \\t]+|[ \\t]+$", ""));
        }
        field.region(field.end(), lines.length());
      }
      faulty |= coded && (length != null || minor.equals("0"));
    }

    /** Those that carry a context: of one that is no list, two are none. */
    String kept() {
      StringBuilder kept = new StringBuilder();
      for (String name :
          List.of(
              "traceparent",
              "tracestate",
              "baggage",
              "b3",
              "x-b3-traceid",
              "x-b3-spanid",
              "x-b3-sampled",
              "x-b3-flags",
              "uber-trace-id")) {
        List<String> of = values.getOrDefault(name, List.of());
        boolean list = name.equals("tracestate") || name.equals("baggage");
        String value =
            list || of.size() == 1
                ? of.stream().filter(one -> !one.isEmpty()).collect(Collectors.joining(","))
                : "";
        if (!value.isEmpty()) {
          kept.append(" ").append(name).append("=").append(value);
        }
      }
      return kept.toString();
    }

    private void lengths(String value) {
      for (String one : value.split(",", -1)) {
        String digits = one.replaceAll("^[ \\t]+|[ \\t]+$", "");
        if (!DIGITS.matcher(digits).matches()) {
          faulty = true;
          return;
        }
        BigInteger number = new BigInteger(digits);
        faulty |= number.compareTo(MOST) >= 0 || length != null && !length.equals(number);
        length = number;
      }
    }

    private void codings(String value) {
      coded = true;
      if (!CODINGS.matcher(value).matches()) {
        faulty = true;
        return;
      }
      Matcher one = ONE_CODING.matcher(value);
      for (int at = 0; at < value.length(); ) {
        one.region(at, value.length());
        if (one.lookingAt()) {
          chunked = one.group(1).equalsIgnoreCase("chunked");
          faulty |= chunked && one.group(2) != null;
          at = one.end();
        } else {
          at++;
        }
      }
    }
  }
}
