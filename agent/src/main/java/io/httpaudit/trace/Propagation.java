package io.httpaudit.trace;

import io.httpaudit.http.FieldNames;
import io.httpaudit.http.Head;
import io.httpaudit.http.KeptField;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The fields that carry a context from one service to the next: {@code OTEL_PROPAGATORS}. Any
 * thread.
 */
public final class Propagation {
  private static final String DEFAULT = "tracecontext,baggage";
  private static final String SPOKEN = "tracecontext, baggage, b3, b3multi, jaeger or none";

  private final Format[] formats;
  private final boolean baggage;
  private final FieldNames names;

  private Propagation(List<Format> formats, boolean baggage) {
    this.formats = formats.toArray(new Format[0]);
    this.baggage = baggage;
    Set<KeptField> wanted = EnumSet.noneOf(KeptField.class);
    for (Format format : formats) {
      format.fields(wanted);
    }
    if (baggage) {
      wanted.add(KeptField.BAGGAGE);
    }
    names = FieldNames.ofRequests(wanted);
  }

  /** {@code tracecontext} and {@code baggage}. */
  public static Propagation standard() {
    return of(DEFAULT, new ArrayList<>());
  }

  /**
   * As {@code OTEL_PROPAGATORS} names them, separated by commas; empty: {@link #standard}.
   *
   * @param complaints gets a line on what is not spoken
   */
  public static Propagation of(String value, List<String> complaints) {
    List<Format> formats = new ArrayList<>();
    List<String> holding = new ArrayList<>();
    List<String> unknown = new ArrayList<>();
    boolean baggage = false;
    boolean none = false;
    for (String part : (value.isBlank() ? DEFAULT : value).split(",")) {
      String name = part.trim();
      Format format = format(name);
      if (name.isEmpty() || holding.contains(name)) {
        continue;
      }
      if (name.equals("none")) {
        none = true;
        continue;
      }
      if (format != null) {
        formats.add(format);
      } else if (name.equals("baggage")) {
        baggage = true;
      } else {
        unknown.add(name);
        continue;
      }
      holding.add(name);
    }
    if (none && !holding.isEmpty()) {
      unknown.add("none");
    } else if (!none && holding.isEmpty()) {
      if (!unknown.isEmpty()) {
        complaints.add(complaint(unknown, DEFAULT));
      }
      return standard();
    }
    if (!unknown.isEmpty()) {
      complaints.add(complaint(unknown, none && holding.isEmpty() ? "none" : list(holding)));
    }
    return new Propagation(formats, baggage);
  }

  private static Format format(String name) {
    switch (name) {
      case "tracecontext":
        return new TraceContext();
      case "b3":
        return new B3(false);
      case "b3multi":
        return new B3(true);
      case "jaeger":
        return new Jaeger();
      default:
        return null;
    }
  }

  private static String list(List<String> names) {
    StringBuilder list = new StringBuilder();
    for (String name : names) {
      list.append(list.length() == 0 ? "" : ",").append(name);
    }
    return list.toString();
  }

  private static String complaint(List<String> unknown, String holds) {
    return "httpaudit: OTEL_PROPAGATORS can't be '"
        + list(unknown)
        + "', it is "
        + SPOKEN
        + "; '"
        + holds
        + "' holds";
  }

  /** The fields that a parser of requests has to keep. */
  public FieldNames names() {
    return names;
  }

  /**
   * Finds the context that a request carries: of several formats the last that is valid, as with
   * OpenTelemetry's propagators. Without allocation.
   */
  public void extract(Head head) {
    for (Format format : formats) {
      format.extract(head);
    }
    if (baggage) {
      head.baggageOffset = head.offset(KeptField.BAGGAGE);
      head.baggageLength = sendable(head.text, head.baggageOffset, head.length(KeptField.BAGGAGE));
    }
  }

  /** {@code length}, or 0 where there is a character that no client would send on in a field. */
  static int sendable(byte[] text, int from, int length) {
    for (int i = from; i < from + length; i++) {
      if ((text[i] < ' ' || text[i] > '~') && text[i] != '\t') {
        return 0;
      }
    }
    return Math.max(0, length);
  }

  /**
   * The fields of a request that is about to be sent.
   *
   * @param <C> what the library keeps them in
   */
  public interface Fields<C> {
    /** The value of a field, whose name is written in any case, or null. */
    String get(C request, String name);

    /** Sets a field, instead of any of that name. */
    void set(C request, String name, String value);
  }

  /**
   * Writes {@code context} into a request.
   *
   * @param ours what this returned when we have written into it before, or null
   * @return what is to be told as {@code ours}; null: it carries no id of ours, since the
   *     application has set a context of its own, which it keeps, or no format is configured
   */
  public <C> String inject(HttpAuditContext context, C request, Fields<C> fields, String ours) {
    long before = ours == null || formats.length == 0 ? 0 : formats[0].span(ours);
    for (Format format : formats) {
      String there = format.find(request, fields);
      if (there != null && (before == 0 || format.span(there) != before)) {
        return null;
      }
    }
    String value = null;
    for (Format format : formats) {
      String written = format.inject(context, request, fields);
      value = value == null ? written : value;
    }
    if (baggage && context.baggage != null && fields.get(request, "baggage") == null) {
      fields.set(request, "baggage", context.baggage);
    }
    return value;
  }
}
