package io.httpaudit.flow;

/**
 * What the wire says of a range of bytes in one direction: filled by {@link Timeline#measure}.
 * Mutable and reused; one thread.
 */
public final class RangeFacts {
  /** Whether every byte of the range was seen. */
  public boolean covered;

  /**
   * Whether {@link #first} is known: the range's first byte was seen, or the range is empty (then
   * it is not).
   */
  public boolean seen;

  /** When the range's first byte was on the wire, by the rule asked for. */
  public long first;

  /** When all of its bytes had been; valid if {@link #covered} and the range is not empty. */
  public long last;

  /** Wire segments with at least one byte of the range, every copy. */
  public long segments;

  /** Those of them whose bytes were all seen before. */
  public long retransmits;

  /** Those of them that brought a byte not seen before, below the highest byte seen before. */
  public long outOfOrder;

  final Intervals before = new Intervals();

  /** As for an empty answer. */
  public void clear() {
    covered = false;
    seen = false;
    first = 0;
    last = 0;
    segments = 0;
    retransmits = 0;
    outOfOrder = 0;
    before.clear();
  }
}
