package io.httpaudit.capture;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.kernel.KernelException;
import io.httpaudit.kernel.Netlink;
import java.util.ArrayList;
import java.util.List;

/**
 * The network interfaces and local addresses of this network namespace, at one time. Immutable once
 * read.
 */
final class Interfaces {
  private final List<Netlink.Link> links = new ArrayList<>();
  private final List<Netlink.Address> addresses = new ArrayList<>();

  /** None at all: nothing was read yet. */
  static final Interfaces NONE = new Interfaces();

  private Interfaces() {}

  static Interfaces read(Netlink netlink) throws KernelException {
    Interfaces read = new Interfaces();
    // No lambdas: this is on the way up.
    netlink.links(
        new Netlink.Links() {
          @Override
          public void link(Netlink.Link link) {
            read.links.add(link);
          }
        });
    netlink.addresses(
        new Netlink.Addresses() {
          @Override
          public void address(Netlink.Address address) {
            read.addresses.add(address);
          }
        });
    return read;
  }

  List<Netlink.Link> links() {
    return links;
  }

  List<Netlink.Address> addresses() {
    return addresses;
  }

  /** How many are up and have an address. */
  int up() {
    int count = 0;
    for (Netlink.Link link : links) {
      if (link.up() && hasAddress(link.index())) {
        count++;
      }
    }
    return count;
  }

  /** Null: there is none. */
  Netlink.Link link(int ifindex) {
    for (Netlink.Link link : links) {
      if (link.index() == ifindex) {
        return link;
      }
    }
    return null;
  }

  /** Index of the loopback interface; 0: unknown. */
  int loopback() {
    for (Netlink.Link link : links) {
      if (link.loopback()) {
        return link.index();
      }
    }
    return 0;
  }

  /** Index of the interface that holds this address; 0: none does. */
  int holding(Endpoint local) {
    if (local.isLoopback()) {
      return loopback();
    }
    for (Netlink.Address address : addresses) {
      if (address.low() == local.low() && address.high() == local.high()) {
        return address.ifindex();
      }
    }
    return 0;
  }

  boolean hasAddress(int ifindex) {
    for (Netlink.Address address : addresses) {
      if (address.ifindex() == ifindex) {
        return true;
      }
    }
    return false;
  }

  static boolean isLinkLocal(long high) {
    return high >>> 54 == 0xfe80 >>> 6;
  }
}
