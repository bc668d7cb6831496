package io.httpaudit.it.oracle;

/**
 * One TCP packet, as tcpdump saw it.
 *
 * @param time nanoseconds since 1970
 * @param from {@code 127.0.0.1:80} or {@code [::1]:80}
 * @param header length of the TCP header, options too
 * @param maximum the SYN's maximum segment size (RFC 9293, 3.7.1), 0 without the option
 * @param shift the SYN's window scale (RFC 7323), 0 without the option
 * @param window unscaled
 */
record Packet(
    long time,
    String from,
    String to,
    int sequence,
    int acknowledgement,
    int flags,
    int window,
    int header,
    int maximum,
    int shift,
    byte[] payload) {
  private static final int FIN = 1;
  private static final int SYN = 2;
  private static final int RST = 4;
  private static final int ACK = 16;

  boolean fin() {
    return (flags & FIN) != 0;
  }

  boolean syn() {
    return (flags & SYN) != 0;
  }

  boolean rst() {
    return (flags & RST) != 0;
  }

  boolean ack() {
    return (flags & ACK) != 0;
  }
}
