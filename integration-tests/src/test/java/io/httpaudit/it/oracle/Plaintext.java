package io.httpaudit.it.oracle;

import java.util.ArrayList;
import java.util.List;

/**
 * One direction of a TLS connection: its records, found by the headers in the TCP stream (RFC 8446,
 * 5.1), and the application data in them, which tshark decrypted.
 */
final class Plaintext {
  private final List<TlsRecord> records = new ArrayList<>();

  /** Of each record with application data: the plaintext's position behind it. */
  private final List<Long> ends = new ArrayList<>();

  private final List<TlsRecord> data = new ArrayList<>();
  private byte[] bytes = new byte[1024];
  private int length;
  private final boolean ended;

  /** Of a record with data of which but a part was on the wire, how far that goes; 0: none was. */
  private long partEnd;

  /**
   * @param start where in the stream TLS begins
   */
  Plaintext(Stream stream, long start, List<Decryption.Row> rows) {
    ended = stream.isEnded();
    byte[] in = stream.bytes();
    long at = start;
    while (at + TlsRecord.HEADER <= stream.length()) {
      int size = (in[(int) at + 3] & 0xff) << 8 | in[(int) at + 4] & 0xff;
      long to = at + TlsRecord.HEADER + size;
      if (to > stream.length()) {
        // Its end never was on the wire.
        partEnd = in[(int) at] == TlsRecord.DATA && size > TlsRecord.ALERT ? stream.length() : 0;
        break;
      }
      if (records.size() == rows.size()) {
        throw new IllegalStateException("tshark has but " + rows.size() + " records");
      }
      Decryption.Row row = rows.get(records.size());
      int outer = in[(int) at];
      if (row.length() != size || outer != row.content() && outer != TlsRecord.DATA) {
        throw new IllegalStateException(
            "record " + records.size() + " at " + at + " is not tshark's: " + row);
      }
      add(new TlsRecord(at, to, row.content(), row.plaintext()));
      at = to;
    }
    if (records.size() != rows.size()) {
      throw new IllegalStateException(
          "tshark has " + rows.size() + " records, the stream " + records.size());
    }
  }

  private void add(TlsRecord record) {
    records.add(record);
    int more = record.plaintext().length;
    if (more == 0) {
      return;
    }
    if (length + more > bytes.length) {
      bytes = java.util.Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
    }
    System.arraycopy(record.plaintext(), 0, bytes, length, more);
    length += more;
    data.add(record);
    ends.add((long) length);
  }

  MessageSplit split() {
    return new MessageSplit(bytes, length, ended);
  }

  TlsRecord first() {
    return records.get(0);
  }

  /** The last record of the handshake before the first application data. */
  TlsRecord lastOfHandshake() {
    TlsRecord last = records.get(0);
    for (TlsRecord record : records) {
      if (record.content() == TlsRecord.DATA) {
        return last;
      }
      last = record.content() == TlsRecord.HANDSHAKE ? record : last;
    }
    return last;
  }

  /** The message as the wire has it: the whole records that hold its bytes. */
  Message onRecords(Message plain) {
    if (plain.bytes() == 0) {
      return plain;
    }
    Message message = new Message(holding(plain.start).from());
    message.finalStart =
        plain.finalStart < length ? holding(plain.finalStart).from() : message.start;
    message.end = holding(plain.end - 1).to();
    if (!plain.complete && plain.end == length) {
      message.sentEnd = partEnd;
    }
    message.plain = plain.bytes();
    message.framing = plain.framing;
    message.complete = plain.complete;
    message.ambiguous = plain.ambiguous;
    message.head = plain.head;
    message.status = plain.status;
    return message;
  }

  private TlsRecord holding(long position) {
    int low = 0;
    int high = ends.size() - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (ends.get(middle) > position) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return data.get(low);
  }
}
