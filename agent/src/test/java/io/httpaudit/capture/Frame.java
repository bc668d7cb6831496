package io.httpaudit.capture;

import io.httpaudit.flow.Endpoint;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A TCP segment of a test's own, with what surrounds it in a frame: RFC 791, RFC 8200, RFC 9293,
 * IEEE 802.1Q. Checksums are 0: the filter sees packets before anyone has checked them.
 */
final class Frame {
  static final int HOP_BY_HOP = 0;
  static final int ROUTING = 43;
  static final int FRAGMENT = 44;
  static final int AUTHENTICATION = 51;
  static final int DESTINATION = 60;
  static final int TCP = 6;

  final Endpoint from;
  final Endpoint to;
  boolean v6;
  int seq = 0x01020304;
  int ack = 0x0a0b0c0d;
  int flags = 0x10;
  int window = 0x1234;
  byte[] payload = new byte[0];
  int protocol = TCP;

  /** Words of four bytes. */
  int tcpOptions;

  /** The field: null, what is right. */
  Integer dataOffset;

  int ipOptions;
  Integer ihl;
  Integer length;
  int fragment;
  int tags;
  int padding;

  int ifindex = 1;
  int gsoSize;
  int gsoSegs;

  private final List<Integer> extensions = new ArrayList<>();
  private final List<byte[]> bodies = new ArrayList<>();

  Frame(Endpoint from, Endpoint to) {
    this.from = from;
    this.to = to;
    v6 = !from.isV4() || !to.isV4();
  }

  Frame flags(int value) {
    flags = value;
    return this;
  }

  Frame seq(int value) {
    seq = value;
    return this;
  }

  Frame ack(int value) {
    ack = value;
    return this;
  }

  Frame payload(int bytes) {
    payload = new byte[bytes];
    Arrays.fill(payload, (byte) 'x');
    return this;
  }

  Frame on(int index) {
    ifindex = index;
    return this;
  }

  Frame gso(int size, int segs) {
    gsoSize = size;
    gsoSegs = segs;
    return this;
  }

  /** An IPv6 extension header of so many bytes. */
  Frame extension(int kind, int bytes) {
    byte[] body = new byte[bytes];
    body[1] =
        (byte) (kind == FRAGMENT ? 0 : kind == AUTHENTICATION ? bytes / 4 - 2 : bytes / 8 - 1);
    extensions.add(kind);
    bodies.add(body);
    return this;
  }

  /** The fragment header: offset in units of 8 bytes, and whether more follow. */
  Frame fragment6(int offset, boolean more) {
    extension(FRAGMENT, 8);
    byte[] body = bodies.get(bodies.size() - 1);
    int field = offset << 3 | (more ? 1 : 0);
    body[2] = (byte) (field >>> 8);
    body[3] = (byte) field;
    return this;
  }

  private static void address(ByteBuffer out, Endpoint endpoint, boolean v6) {
    if (v6) {
      out.putLong(endpoint.high()).putLong(endpoint.low());
    } else {
      out.putInt((int) endpoint.low());
    }
  }

  private byte[] tcp() {
    ByteBuffer out = ByteBuffer.allocate(20 + 4 * tcpOptions + payload.length);
    out.putShort((short) from.port()).putShort((short) to.port()).putInt(seq).putInt(ack);
    out.put((byte) ((dataOffset == null ? 5 + tcpOptions : dataOffset) << 4)).put((byte) flags);
    out.putShort((short) window).putInt(0);
    for (int i = 0; i < 4 * tcpOptions; i++) {
      out.put((byte) 1);
    }
    return out.put(payload).array();
  }

  /** Bytes of headers, from the network header on. */
  int headers() {
    int extended = bodies.stream().mapToInt(body -> body.length).sum();
    return 4 * tags + (v6 ? 40 + extended : 20 + 4 * ipOptions) + 20 + 4 * tcpOptions;
  }

  /** From the Ethernet header on. */
  byte[] bytes() {
    byte[] tcp = tcp();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteBuffer link = ByteBuffer.allocate(14 + 4 * tags);
    link.position(12);
    for (int i = 0; i < tags; i++) {
      link.putShort((short) (i == 0 && tags > 1 ? 0x88a8 : 0x8100)).putShort((short) 5);
    }
    link.putShort((short) (v6 ? 0x86dd : 0x0800));
    out.writeBytes(link.array());
    out.writeBytes(v6 ? ipv6(tcp.length) : ipv4(tcp.length));
    out.writeBytes(tcp);
    byte[] behind = new byte[padding];
    Arrays.fill(behind, (byte) 0xee);
    out.writeBytes(behind);
    return out.toByteArray();
  }

  private byte[] ipv4(int content) {
    ByteBuffer out = ByteBuffer.allocate(20 + 4 * ipOptions);
    out.put((byte) (0x40 | (ihl == null ? 5 + ipOptions : ihl))).put((byte) 0);
    out.putShort((short) (length == null ? out.capacity() + content : length));
    out.putShort((short) 7).putShort((short) fragment);
    out.put((byte) 64).put((byte) protocol).putShort((short) 0);
    address(out, from, false);
    address(out, to, false);
    while (out.hasRemaining()) {
      out.put((byte) 1);
    }
    return out.array();
  }

  private byte[] ipv6(int content) {
    int extended = bodies.stream().mapToInt(body -> body.length).sum();
    ByteBuffer out = ByteBuffer.allocate(40 + extended);
    out.putInt(0x60000000).putShort((short) (length == null ? extended + content : length));
    out.put((byte) (extensions.isEmpty() ? protocol : extensions.get(0))).put((byte) 64);
    address(out, from, true);
    address(out, to, true);
    for (int i = 0; i < bodies.size(); i++) {
      byte[] body = bodies.get(i).clone();
      body[0] = (byte) (i + 1 < extensions.size() ? extensions.get(i + 1) : protocol);
      out.put(body);
    }
    return out.array();
  }
}
