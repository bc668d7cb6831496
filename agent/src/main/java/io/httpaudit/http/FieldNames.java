package io.httpaudit.http;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The names of fields that mean something in a head, in their order, so that those that begin alike
 * follow each other. Immutable.
 */
public final class FieldNames {
  static final byte OTHER = 0;
  static final byte CONTENT_LENGTH = 1;
  static final byte TRANSFER_ENCODING = 2;
  static final byte UPGRADE = 3;
  static final byte HOST = 4;

  /** That of the first {@link KeptField}; the others follow. */
  static final byte KEPT = 5;

  static final FieldNames OF_RESPONSES = new FieldNames(framing());

  /** Of requests, where nobody asks for more than where they end. */
  static final FieldNames OF_PREVIEWS = ofRequests(Set.of());

  /** In lower case. */
  final byte[][] names;

  /** What each is. */
  final byte[] fields;

  /** How many letters it shares with the next one. */
  private final byte[] shared;

  /** By its first letter, the first of {@link #names} that has it; -1: there is none. */
  private final byte[] first = new byte[128];

  private FieldNames(TreeMap<String, Byte> sorted) {
    int count = sorted.size();
    names = new byte[count][];
    fields = new byte[count];
    shared = new byte[count];
    Arrays.fill(first, (byte) -1);
    int i = 0;
    for (Map.Entry<String, Byte> entry : sorted.entrySet()) {
      names[i] = HeadScanner.ascii(entry.getKey());
      fields[i] = entry.getValue();
      if (i > 0) {
        shared[i - 1] = shared(names[i - 1], names[i]);
      }
      if (first[names[i][0]] < 0) {
        first[names[i][0]] = (byte) i;
      }
      i++;
    }
  }

  private static byte shared(byte[] one, byte[] two) {
    byte count = 0;
    while (count < Math.min(one.length, two.length) && one[count] == two[count]) {
      count++;
    }
    return count;
  }

  private static TreeMap<String, Byte> framing() {
    TreeMap<String, Byte> names = new TreeMap<>();
    names.put("content-length", CONTENT_LENGTH);
    names.put("transfer-encoding", TRANSFER_ENCODING);
    return names;
  }

  /** Those of requests, with the ones that are to be kept. */
  public static FieldNames ofRequests(Set<KeptField> kept) {
    TreeMap<String, Byte> names = framing();
    names.put("upgrade", UPGRADE);
    names.put("host", HOST);
    for (KeptField field : kept) {
      names.put(field.lower, (byte) (KEPT + field.ordinal()));
    }
    return new FieldNames(names);
  }

  /** The first name that begins with this letter, in lower case; -1: none does. */
  int first(int letter) {
    return first[letter];
  }

  /**
   * The next name that is like name {@code i} up to {@code at}, and has this letter there; or -1.
   */
  int other(int i, int at, int letter) {
    int next = i;
    while (shared[next] >= at) {
      next++;
      if (names[next].length > at && names[next][at] == letter) {
        return next;
      }
    }
    return -1;
  }
}
