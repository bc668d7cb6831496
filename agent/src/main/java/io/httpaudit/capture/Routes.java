package io.httpaudit.capture;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.kernel.Netlink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * By which interface packets to a peer leave: asked of the kernel once for each address, and again
 * when routes change.
 */
final class Routes {
  private static final int MOST = 1024;

  private final Map<Endpoint, Integer> outgoing = new ConcurrentHashMap<>();

  /**
   * @return index of the interface; not positive: there is no route
   */
  int interfaceTo(Endpoint peer) {
    Endpoint address = peer.port() == 0 ? peer : new Endpoint(peer.high(), peer.low(), 0);
    Integer known = outgoing.get(address);
    if (known != null) {
      return known;
    }
    int ifindex = Netlink.outgoingInterface(peer.high(), peer.low());
    if (ifindex > 0) {
      if (outgoing.size() >= MOST) {
        outgoing.clear();
      }
      outgoing.put(address, ifindex);
    }
    return ifindex;
  }

  /** Forgets all, and names the addresses that were asked for. */
  List<Endpoint> forget() {
    List<Endpoint> peers = new ArrayList<>(outgoing.keySet());
    outgoing.clear();
    return peers;
  }
}
