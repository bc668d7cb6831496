package io.httpaudit.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/** What a parser told, a line each; throws where an offset goes back. */
final class Recorder implements MessageListener {
  static final FieldNames ALL = FieldNames.ofRequests(EnumSet.allOf(KeptField.class));

  final List<String> told = new ArrayList<>();
  private final FieldNames names;
  private long latest;

  Recorder() {
    this(ALL);
  }

  Recorder(FieldNames names) {
    this.names = names;
  }

  @Override
  public FieldNames names() {
    return names;
  }

  private void reaches(long offset) {
    if (offset < latest) {
      throw new AssertionError(offset + " after " + latest + ": " + told);
    }
    latest = offset;
  }

  @Override
  public void started(long offset) {
    reaches(offset);
  }

  @Override
  public void head(Head head) {
    reaches(head.headEnd);
    if (head.offset > head.finalOffset || head.finalOffset >= head.headEnd) {
      throw new AssertionError(head.offset + ", " + head.finalOffset + ", " + head.headEnd);
    }
    String what = head.status > 0 ? String.valueOf(head.status) : text(head, 0, head.methodLength);
    StringBuilder line = new StringBuilder("head " + head.index + " " + what);
    part(line, " target=", head, head.targetOffset, head.targetLength);
    part(line, " host=", head, head.hostOffset, head.hostLength);
    for (KeptField field : KeptField.values()) {
      part(line, " " + field.lower + "=", head, head.offset(field), head.length(field));
    }
    line.append(" 1.").append(head.minor).append(" from ").append(head.offset);
    if (head.finalOffset != head.offset) {
      line.append(" final ").append(head.finalOffset);
    }
    line.append(" to ").append(head.headEnd).append(" expects ").append(head.expectedEnd);
    told.add(line.toString());
  }

  private static void part(StringBuilder line, String name, Head head, int offset, int length) {
    if (length > 0) {
      line.append(name).append(text(head, offset, length));
    }
  }

  private static String text(Head head, int offset, int length) {
    return new String(head.text, offset, length, StandardCharsets.ISO_8859_1);
  }

  @Override
  public void ended(long index, long end, boolean proven) {
    reaches(end);
    told.add("ended " + index + " at " + end + (proven ? "" : " cut"));
  }

  @Override
  public void boundaryUnknown(Head head, long offset) {
    told.add("unknown " + head.index + " from " + offset);
  }

  @Override
  public void upgraded(long offset, boolean http2) {
    reaches(offset);
    told.add((http2 ? "http2" : "upgraded") + " from " + offset);
  }

  @Override
  public boolean secured(long offset) {
    reaches(offset);
    told.add("tls from " + offset);
    return true;
  }
}
