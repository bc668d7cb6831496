package io.httpaudit.correlate;

/**
 * Bounds of what the correlator holds. What exceeds one is dropped and counted, or costs an
 * exchange its {@code matched}.
 *
 * @param connections open at once
 * @param exchanges not final, on one connection; at most {@link Short#MAX_VALUE}
 * @param records of packets kept, all flows together (about 24 bytes each)
 * @param early packets kept of flows whose connection is not known yet, all flows together (40
 *     bytes each)
 */
public record CorrelatorLimits(int connections, int exchanges, int records, int early) {
  public CorrelatorLimits {
    if (exchanges > Short.MAX_VALUE) {
      throw new IllegalArgumentException("more exchanges of a connection than are counted");
    }
  }

  public static CorrelatorLimits defaults() {
    return new CorrelatorLimits(1 << 17, 1 << 12, 1 << 20, 1 << 16);
  }
}
