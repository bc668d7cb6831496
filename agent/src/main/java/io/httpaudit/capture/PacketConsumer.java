package io.httpaudit.capture;

import io.httpaudit.flow.Packet;

/** Receives the packets of admitted flows, in the order of the ring. */
public interface PacketConsumer {
  /** One packet; {@code packet} is reused after the call. */
  void packet(Packet packet);
}
