package io.httpaudit.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.kernel.Libc;
import io.httpaudit.kernel.Netlink;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the kernel is told of listeners. */
class ListenersTest {
  private final TreeSet<Endpoint> told = new TreeSet<>();
  private final Listeners listeners =
      new Listeners(
          new Listeners.Entries() {
            @Override
            public int put(Endpoint entry) {
              assertThat(told.add(entry)).as("told once").isTrue();
              return 0;
            }

            @Override
            public void remove(Endpoint entry) {
              assertThat(told.remove(entry)).as("was there").isTrue();
            }
          });

  private Interfaces interfaces;

  @BeforeEach
  void read() throws Exception {
    Libc.load();
    try (Netlink netlink = Netlink.route()) {
      interfaces = Interfaces.read(netlink);
    }
  }

  private static Endpoint wildcard(int port) {
    return new Endpoint(0, 0, port);
  }

  @Test
  void wildcardIsEachLocalAddressAndAllOfLoopback() {
    listeners.add(wildcard(80), interfaces);
    assertThat(told)
        .contains(new Endpoint(0, 0xffff_0000_0000L, 80))
        .hasSize(1 + distinctAddresses());
    for (Netlink.Address address : interfaces.addresses()) {
      assertThat(told).contains(new Endpoint(address.high(), address.low(), 80));
    }
    listeners.remove(wildcard(80), interfaces);
    assertThat(told).isEmpty();
  }

  private int distinctAddresses() {
    TreeSet<Endpoint> distinct = new TreeSet<>();
    for (Netlink.Address address : interfaces.addresses()) {
      distinct.add(new Endpoint(address.high(), address.low(), 0));
    }
    return distinct.size();
  }

  @Test
  void listenersThatShareAPortKeepItUntilTheLastIsGone() {
    Endpoint one = new Endpoint(0, 0xffff_7f00_0001L, 80);
    listeners.add(one, interfaces);
    listeners.add(one, interfaces);
    listeners.add(wildcard(80), interfaces);
    listeners.remove(wildcard(80), interfaces);
    assertThat(told).containsExactly(one);
    listeners.remove(one, interfaces);
    assertThat(told).containsExactly(one);
    listeners.remove(one, interfaces);
    assertThat(told).isEmpty();
    listeners.remove(one, interfaces);
  }

  @Test
  void addressesThatComeAndGoChangeTheEntriesOfWildcardsOnly() {
    Endpoint one = new Endpoint(0, 0xffff_c000_0201L, 81);
    listeners.add(wildcard(80), Interfaces.NONE);
    listeners.add(one, Interfaces.NONE);
    assertThat(told).hasSize(2);
    listeners.follow(interfaces);
    assertThat(told).hasSize(2 + distinctAddresses());
    listeners.follow(Interfaces.NONE);
    assertThat(told).containsExactlyInAnyOrder(one, new Endpoint(0, 0xffff_0000_0000L, 80));
  }
}
