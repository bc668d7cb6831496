package io.httpaudit.flow;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * One end of a TCP connection. IPv4 is kept as its v4-mapped IPv6 address (RFC 4291, 2.5.5.2), so
 * that both look alike.
 *
 * @param high bytes 0…7 of the address, big-endian
 * @param low bytes 8…15 of the address, big-endian
 * @param port 0…65535
 */
public record Endpoint(long high, long low, int port) implements Comparable<Endpoint> {
  private static final long V4_MAPPED = 0x0000_ffff_0000_0000L;

  public static Endpoint of(InetSocketAddress address) {
    return of(address.getAddress(), address.getPort());
  }

  public static Endpoint of(InetAddress address, int port) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 4) {
      return new Endpoint(0, V4_MAPPED | bigEndian(bytes, 0, 4), port);
    }
    return new Endpoint(bigEndian(bytes, 0, 8), bigEndian(bytes, 8, 8), port);
  }

  private static long bigEndian(byte[] bytes, int from, int count) {
    long value = 0;
    for (int i = from; i < from + count; i++) {
      value = value << 8 | bytes[i] & 0xff;
    }
    return value;
  }

  public boolean isV4() {
    return high == 0 && (low & 0xffff_ffff_0000_0000L) == V4_MAPPED;
  }

  /** {@code 0.0.0.0} or {@code ::}. */
  public boolean isWildcard() {
    return high == 0 && (low == 0 || low == V4_MAPPED);
  }

  public boolean hasAddressOf(Endpoint other) {
    return high == other.high && low == other.low;
  }

  /** {@code 127.0.0.0/8} or {@code ::1}. */
  public boolean isLoopback() {
    return isV4() ? (low >>> 24 & 0xff) == 127 : high == 0 && low == 1;
  }

  /** The address without brackets: {@code 127.0.0.1}, {@code ::1}. */
  public String address() {
    try {
      if (isV4()) {
        return (low >>> 24 & 0xff)
            + "."
            + (low >>> 16 & 0xff)
            + "."
            + (low >>> 8 & 0xff)
            + "."
            + (low & 0xff);
      }
      byte[] bytes = new byte[16];
      for (int i = 0; i < 8; i++) {
        bytes[i] = (byte) (high >>> 56 - 8 * i);
        bytes[8 + i] = (byte) (low >>> 56 - 8 * i);
      }
      return compressed(InetAddress.getByAddress(bytes).getHostAddress());
    } catch (UnknownHostException e) {
      throw new AssertionError("an address of 16 bytes is legal", e);
    }
  }

  /** RFC 5952: the first longest run of two or more zero groups is written as {@code ::}. */
  private static String compressed(String groups) {
    String[] parts = groups.split(":");
    int best = -1;
    int bestLength = 1;
    for (int i = 0; i < parts.length; i++) {
      int end = i;
      while (end < parts.length && parts[end].equals("0")) {
        end++;
      }
      if (end - i > bestLength) {
        best = i;
        bestLength = end - i;
      }
    }
    if (best < 0) {
      return groups;
    }
    String head = String.join(":", java.util.Arrays.copyOfRange(parts, 0, best));
    String tail =
        String.join(":", java.util.Arrays.copyOfRange(parts, best + bestLength, parts.length));
    return head + "::" + tail;
  }

  @Override
  public int compareTo(Endpoint other) {
    int order = Long.compareUnsigned(high, other.high);
    order = order != 0 ? order : Long.compareUnsigned(low, other.low);
    return order != 0 ? order : Integer.compare(port, other.port);
  }

  /** Written out: a record's own, made at its first call, costs an application's thread 30 ms. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Endpoint
        && low == ((Endpoint) other).low
        && high == ((Endpoint) other).high
        && port == ((Endpoint) other).port;
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Long.hashCode(high) + Long.hashCode(low)) + port;
  }

  /** {@code 127.0.0.1:8080}, {@code [::1]:8080}. */
  @Override
  public String toString() {
    return isV4() ? address() + ":" + port : "[" + address() + "]:" + port;
  }
}
