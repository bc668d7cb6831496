package io.httpaudit.cli;

import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Which interfaces there are, and which of them the agent would tap. */
final class InterfaceCheck {
  private static final String NAME = "interfaces";

  private InterfaceCheck() {}

  /**
   * Looks at all of this network namespace.
   *
   * @param wanted by the setting {@code interfaces}; empty: {@code auto}
   */
  static Check of(List<String> wanted) {
    List<String> up = new ArrayList<>();
    List<String> down = new ArrayList<>();
    boolean loopback = false;
    try {
      for (NetworkInterface link : Collections.list(NetworkInterface.getNetworkInterfaces())) {
        (link.isUp() ? up : down).add(link.getName());
        loopback |= link.isUp() && link.isLoopback();
      }
    } catch (SocketException e) {
      return Check.fail(NAME, "can't be listed: " + e.getMessage(), "");
    }
    List<String> absent = new ArrayList<>(wanted);
    absent.removeAll(up);
    String found =
        (up.isEmpty() ? "none is up" : "up: " + String.join(", ", up))
            + (down.isEmpty() ? "" : "; down: " + String.join(", ", down));
    if (!absent.isEmpty()) {
      return Check.warn(
          NAME,
          found,
          "'"
              + String.join("', '", absent)
              + "' of the setting interfaces is not among those that are up");
    }
    String tapped =
        wanted.isEmpty()
            ? "each is tapped once traffic takes it"
            : "tapped: " + String.join(", ", wanted);
    if (!loopback) {
      return Check.warn(NAME, found + "; " + tapped, "loopback is down: ip link set lo up");
    }
    return Check.ok(NAME, found + "; " + tapped);
  }
}
