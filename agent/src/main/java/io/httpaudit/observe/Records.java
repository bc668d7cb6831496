package io.httpaudit.observe;

import io.httpaudit.correlate.SocketError;
import io.httpaudit.tls.Handshake;
import io.httpaudit.tls.HandshakeScanner;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * One direction of a TLS engine: the records that it produced or consumed (RFC 8446, 5), and what
 * each holds of the plaintext. A provider's hooks tell of each call: of an engine with buffers by
 * {@link #begins} and {@link #ends}, of one that moves a record at a time by {@link #holds} and
 * {@link #encrypted}, or by {@link #decrypted}. Of the records of one call the last alone holds
 * application data, or none does.
 *
 * <p>One thread at a time, as engines ask of their users; if two come at once, nothing is certain
 * any more. No allocation in steady state, and no lock.
 */
public final class Records implements Handshake.HelloListener {
  private static final int HEADER = 5;
  private static final byte HANDSHAKE = 22;
  private static final byte APPLICATION_DATA = 23;

  /** In place of a part of an array: all of it, or one. */
  public static final int ALL = -1;

  /** Plaintext that a record holds at the most (RFC 8446, 5.1). */
  private static final int LARGEST = 1 << 14;

  private static final AtomicIntegerFieldUpdater<Records> BUSY =
      AtomicIntegerFieldUpdater.newUpdater(Records.class, "busy");

  private final TlsEnd end;
  private final boolean outbound;

  private volatile int busy;
  private volatile boolean lost;

  /** Plaintext went by behind the loss, and that was told. */
  private boolean lossTold;

  /** Null: its connection is not known. */
  private volatile Plaintext plaintext;

  private volatile Secure secure;

  /** Bytes of records so far: positions below are counted so. */
  private volatile long position;

  /** Of the header in hand, and of the body behind it what is still to come. */
  private int headerBytes;

  private byte type;
  private int length;
  private int left;

  /** Of the last record whose header is whole. */
  private long recordStart;

  /** Null: this end's own Hello was seen, or is not to be expected. */
  private HandshakeScanner hello;

  /** Where the handshake in hand began: its first record since application data; -1: none. */
  private long handshakeFrom = -1;

  // The call in hand.
  private ByteBuffer[] plain;
  private ByteBuffer[] cipher;
  private int plainFirst;
  private int plainEnd;
  private int cipherFirst;
  private int cipherEnd;
  private int[] plainFrom = new int[1];
  private int[] cipherFrom = new int[1];
  private final ByteBuffer[] onePlain = new ByteBuffer[1];
  private final ByteBuffer[] oneCipher = new ByteBuffer[1];
  private long calledAt;
  private int count;
  private int[] lengths = new int[1];
  private byte[] types = new byte[1];

  /** Plaintext of the call, up to the end of each of the engine's writes; none: one record. */
  private int[] written = new int[2];

  private int writes;

  /** Plaintext of the record that is about to be encrypted in place; null: of no interest. */
  private byte[] held;

  private int holding;
  private boolean application;

  Records(TlsEnd end, boolean outbound) {
    this.end = end;
    this.outbound = outbound;
  }

  long position() {
    return position;
  }

  void bind(Secure to, Plaintext as) {
    secure = to;
    plaintext = as;
  }

  private boolean enter() {
    if (BUSY.compareAndSet(this, 0, 1)) {
      return true;
    }
    HttpAudit.countFault();
    lose();
    return false;
  }

  boolean isLost() {
    return lost;
  }

  /** From here on nothing is certain. Any thread. */
  public void lose() {
    if (lost) {
      return;
    }
    lost = true;
    Plaintext as = plaintext;
    if (as != null) {
      as.doubt();
    }
  }

  // ---- an engine with buffers

  /**
   * A call of the engine begins.
   *
   * @param plaintext an array of buffers, or one: to be consumed by a wrap, to be filled by an
   *     unwrap
   * @param plainPart which of the array's, the others being anybody's: index of the first, times
   *     65,536, plus their number; {@link #ALL}
   * @param records likewise
   * @param recordPart likewise
   * @return whether {@link #ends} is to be called
   */
  public boolean begins(Object plaintext, int plainPart, Object records, int recordPart) {
    if (lossTold || !enter()) {
      return false;
    }
    calledAt = System.nanoTime();
    plain = buffers(plaintext, onePlain);
    cipher = buffers(records, oneCipher);
    plainFirst = first(plainPart);
    plainEnd = end(plainPart, plain.length);
    cipherFirst = first(recordPart);
    cipherEnd = end(recordPart, cipher.length);
    plainFrom = positions(plain, plainFirst, plainEnd, plainFrom);
    cipherFrom = positions(cipher, cipherFirst, cipherEnd, cipherFrom);
    if (outbound && left > 0) {
      // OpenSSL may ask for the same bytes again when it has room for the rest of their record.
      note();
    }
    return true;
  }

  private static ByteBuffer[] buffers(Object given, ByteBuffer[] one) {
    if (given instanceof ByteBuffer[] array) {
      return array;
    }
    one[0] = (ByteBuffer) given;
    return one;
  }

  private static int first(int part) {
    return part == ALL ? 0 : part >>> Short.SIZE;
  }

  /** Of a part that is not there, the engine's own method complains. */
  private static int end(int part, int all) {
    return part == ALL ? all : Math.min(all, first(part) + (part & 0xFFFF));
  }

  private static int[] positions(ByteBuffer[] buffers, int first, int end, int[] reused) {
    int[] positions = end > reused.length ? new int[end] : reused;
    for (int i = first; i < end; i++) {
      positions[i] = buffers[i] == null ? 0 : buffers[i].position();
    }
    return positions;
  }

  /** It returned, or threw. */
  public void ends(boolean thrown) {
    try {
      if (thrown) {
        if (plainMoved() > 0 || moved(cipher, cipherFrom, cipherFirst, cipherEnd) > 0) {
          lose();
        }
        return;
      }
      settle();
    } catch (Throwable e) {
      HttpAudit.countFault();
      lose();
    } finally {
      plain = null;
      cipher = null;
      onePlain[0] = null;
      oneCipher[0] = null;
      count = 0;
      writes = 0;
      busy = 0;
    }
  }

  /**
   * Within a call, where the engine is about to decrypt the next record: what was moved since the
   * call began, or since this was last called, ends with the record that its plaintext is of. On
   * the call's thread.
   */
  public void step() {
    if (busy == 0 || plain == null) {
      return;
    }
    try {
      settle();
    } catch (Throwable e) {
      HttpAudit.countFault();
      lose();
    }
    count = 0;
    positions(plain, plainFirst, plainEnd, plainFrom);
    positions(cipher, cipherFirst, cipherEnd, cipherFrom);
  }

  /**
   * Within a call, where the engine has encrypted the next bytes: records of their own, whose bytes
   * follow when the call ends. On the call's thread.
   */
  public void wrote() {
    if (busy == 0 || plain == null) {
      return;
    }
    int so = plainMoved();
    if (so == (writes == 0 ? 0 : written[writes - 1])) {
      return;
    }
    if (writes == written.length) {
      written = Arrays.copyOf(written, 2 * writes);
    }
    written[writes++] = so;
  }

  private void settle() {
    frame();
    int total = plainMoved();
    if (total > 0) {
      pass(total);
    } else {
      noteHandshake(count);
    }
  }

  private int plainMoved() {
    return moved(plain, plainFrom, plainFirst, plainEnd);
  }

  private static int moved(ByteBuffer[] buffers, int[] from, int first, int end) {
    int moved = 0;
    for (int i = first; i < end; i++) {
      moved += buffers[i] == null ? 0 : buffers[i].position() - from[i];
    }
    return moved;
  }

  /** Finds the records whose headers are in the bytes moved. */
  private void frame() {
    long at = position;
    for (int i = cipherFirst; i < cipherEnd; i++) {
      ByteBuffer bytes = cipher[i];
      if (bytes == null) {
        continue;
      }
      int to = bytes.position();
      if (hello == null && outbound && plaintext == null && to > cipherFrom[i]) {
        expectHello(bytes, cipherFrom[i], to);
      }
      scanHello(bytes, cipherFrom[i], to);
      for (int p = cipherFrom[i]; p < to; ) {
        if (left > 0) {
          int step = Math.min(left, to - p);
          left -= step;
          p += step;
          at += step;
        } else {
          header(bytes.get(p++), at++);
        }
      }
    }
    position = at;
  }

  private void header(byte b, long at) {
    switch (headerBytes++) {
      case 0 -> {
        type = b;
        recordStart = at;
      }
      case 3 -> length = (b & 0xFF) << 8;
      case 4 -> {
        length |= b & 0xFF;
        left = length;
        headerBytes = 0;
        note();
      }
      default -> {
        // The version, which is always an older one.
      }
    }
  }

  /** A record's header is whole. */
  private void note() {
    if (count == lengths.length) {
      lengths = Arrays.copyOf(lengths, 2 * count);
      types = Arrays.copyOf(types, 2 * count);
    }
    lengths[count] = length;
    types[count++] = type;
  }

  /** Position of the first of the call's records: all follow each other up to the last one. */
  private long firstStart() {
    long start = recordStart;
    for (int i = 0; i < count - 1; i++) {
      start -= HEADER + lengths[i];
    }
    return start;
  }

  /** The {@code first} of the call's records are no application data. */
  private void noteHandshake(int first) {
    long start = firstStart();
    for (int i = 0; i < first; i++) {
      if (types[i] == HANDSHAKE && handshakeFrom < 0) {
        handshakeFrom = start;
      }
      start += HEADER + lengths[i];
    }
  }

  /** So many bytes of plaintext were moved. */
  private void pass(int total) {
    Plaintext to = plaintext;
    if (to == null || isInVain() || !to.enter()) {
      return;
    }
    try {
      to.call = outbound ? calledAt : System.nanoTime();
      cursor = plainFirst;
      cursorAt = plainFrom[cursor];
      if (lost || count == 0 && outbound) {
        lost(to);
        return;
      }
      if (count == 0) {
        // What was left of a record, where there had been no room for it.
        to.record(start() + recordStart, start() + recordStart + HEADER + length, total);
        feed(to, total);
        return;
      }
      if (writes > 1 || writes == 1 && total > LARGEST) {
        passWrites(to, total);
        return;
      }
      if (total > lengths[count - 1]) {
        // More than one record of application data: which holds what is not certain.
        lost(to);
        return;
      }
      noteHandshake(count - 1);
      if (begin(to, recordStart, recordStart + HEADER + length, total)) {
        feed(to, total);
      }
    } finally {
      to.leave();
    }
  }

  /**
   * What several writes have encrypted: a write that is larger than a record's largest plaintext
   * takes full ones, and one for the rest. The call's last records are theirs, one for each piece,
   * if that is as the lengths are: all pieces are less than their records by the same.
   */
  private void passWrites(Plaintext to, int total) {
    int pieces = 0;
    int from = 0;
    for (int i = 0; i < writes; i++) {
      pieces += (written[i] - from + LARGEST - 1) / LARGEST;
      from = written[i];
    }
    int first = count - pieces;
    if (first < 0 || from != total) {
      lost(to);
      return;
    }
    int overhead = lengths[first] - Math.min(LARGEST, written[0]);
    int write = 0;
    int done = 0;
    for (int i = first; i < count; i++) {
      int piece = Math.min(LARGEST, written[write] - done);
      if (types[i] != APPLICATION_DATA || piece <= 0 || lengths[i] - piece != overhead) {
        lost(to);
        return;
      }
      done += piece;
      write += done == written[write] ? 1 : 0;
    }
    noteHandshake(first);
    long start = firstStart();
    for (int i = 0; i < first; i++) {
      start += HEADER + lengths[i];
    }
    write = 0;
    done = 0;
    for (int i = first; i < count; i++) {
      int piece = Math.min(LARGEST, written[write] - done);
      if (!begin(to, start, start + HEADER + lengths[i], piece)) {
        return;
      }
      feed(to, piece);
      start += HEADER + lengths[i];
      done += piece;
      write += done == written[write] ? 1 : 0;
    }
  }

  private void lost(Plaintext to) {
    lost = true;
    lossTold = true;
    to.lose();
  }

  /** A write of the socket failed: what is encrypted from then on, perhaps again, is never sent. */
  private boolean isInVain() {
    return outbound && secure.error(true) != SocketError.NONE;
  }

  /** Stream position of what is counted as 0 here. */
  private long start() {
    return secure.start(outbound);
  }

  /** A record of application data begins; false: it proves nothing. */
  private boolean begin(Plaintext to, long from, long behind, int plaintextLength) {
    secure.established();
    if (!outbound && start() + position > secure.position(false)) {
      // Consumed before the socket had it: it is another's.
      secure.lose();
      lost(to);
      return false;
    }
    if (handshakeFrom >= 0) {
      if (outbound) {
        secure.shook(handshakeFrom, from);
      }
      handshakeFrom = -1;
    }
    to.record(start() + from, start() + behind, plaintextLength);
    return true;
  }

  private int cursor;
  private int cursorAt;

  /** Passes the next bytes of the call's plaintext. */
  private void feed(Plaintext to, int bytes) {
    int rest = bytes;
    while (rest > 0) {
      ByteBuffer buffer = plain[cursor];
      int there = buffer == null ? 0 : buffer.position() - cursorAt;
      if (there == 0) {
        cursor++;
        cursorAt = plainFrom[cursor];
        continue;
      }
      int step = Math.min(there, rest);
      to.pass(buffer, cursorAt, cursorAt + step);
      cursorAt += step;
      rest -= step;
    }
  }

  // ---- its own Hello

  private void expectHello(ByteBuffer bytes, int from, int to) {
    if (position == 0 && bytes.get(from) == HANDSHAKE && to - from > HEADER) {
      // RFC 8446, 4: 1 is a ClientHello.
      hello = new HandshakeScanner(new Handshake(this), bytes.get(from + HEADER) == 1);
    }
  }

  private void scanHello(ByteBuffer bytes, int from, int to) {
    if (hello == null) {
      return;
    }
    byte[] scratch = Scratch.take();
    int at = from;
    try {
      while (at < to && hello != null) {
        int piece = Math.min(scratch.length, to - at);
        bytes.get(at, scratch, 0, piece);
        hello.parse(scratch, 0, piece);
        at += piece;
      }
    } finally {
      Scratch.give(scratch, scratch.length);
    }
  }

  @Override
  public void hello(boolean client, long a, long b, long c, long d) {
    hello = null;
    end.made(a, b, c, d);
  }

  // ---- an engine that moves a record at a time

  /** What is encrypted from here on is the application's, or is not. */
  public void isApplication(boolean is) {
    application = is;
  }

  /** A record's plaintext, [from, to), is about to be encrypted in place. */
  public void holds(byte[] bytes, int from, int to) {
    calledAt = System.nanoTime();
    holding = to - from;
    Plaintext of = plaintext;
    if (application && of != null && of.skippable() < holding) {
      held = Scratch.takeRecord();
      System.arraycopy(bytes, from, held, 0, holding);
    }
  }

  /** It was: {@code record} begins with its {@code bytes}. */
  public void encrypted(byte[] record, int bytes, boolean thrown) {
    try {
      if (lossTold || !enter()) {
        return;
      }
      try {
        if (thrown) {
          lose();
        } else {
          oneRecord(record, bytes);
        }
      } finally {
        count = 0;
        busy = 0;
      }
    } catch (Throwable e) {
      HttpAudit.countFault();
      lose();
    } finally {
      if (held != null) {
        Scratch.giveRecord(held, holding);
        held = null;
      }
    }
  }

  private void oneRecord(byte[] record, int bytes) {
    if (position == 0 && record[0] == HANDSHAKE && bytes > HEADER) {
      hello = new HandshakeScanner(new Handshake(this), record[HEADER] == 1);
    }
    if (hello != null) {
      hello.parse(record, 0, bytes);
    }
    advance(record[0], bytes);
    if (!application) {
      noteHandshake(count);
      return;
    }
    Plaintext to = plaintext;
    if (to == null || isInVain() || !to.enter()) {
      return;
    }
    try {
      to.call = calledAt;
      if (lost) {
        lost(to);
        return;
      }
      if (begin(to, recordStart, position, holding)) {
        if (held != null) {
          to.pass(held, 0, holding);
        } else {
          to.skip(holding);
        }
      }
    } finally {
      to.leave();
    }
  }

  private void advance(byte outerType, int bytes) {
    type = outerType;
    length = bytes - HEADER;
    recordStart = position;
    position += bytes;
    note();
  }

  /**
   * A record of {@code bytes}, its header included, was decrypted.
   *
   * @param outerType as its header says
   * @param fragment what it holds, from its position to its limit; null: no application data
   */
  public void decrypted(byte outerType, int bytes, ByteBuffer fragment) {
    if (lossTold || !enter()) {
      return;
    }
    try {
      advance(outerType, bytes);
      Plaintext to = fragment == null || !fragment.hasRemaining() ? null : plaintext;
      if (to != null && to.enter()) {
        try {
          to.call = System.nanoTime();
          if (lost) {
            lost(to);
          } else {
            if (begin(to, recordStart, position, fragment.remaining())) {
              to.pass(fragment, fragment.position(), fragment.limit());
            }
          }
        } finally {
          to.leave();
        }
      }
    } catch (Throwable e) {
      HttpAudit.countFault();
      lose();
    } finally {
      count = 0;
      busy = 0;
    }
  }

  /** The peer's close_notify was among the records (RFC 8446, 6.1). */
  public void closeNotify() {
    Plaintext to = plaintext;
    if (!lost && to != null && to.enter()) {
      try {
        to.call = System.nanoTime();
        to.closeNotify();
      } finally {
        to.leave();
      }
    }
  }
}
