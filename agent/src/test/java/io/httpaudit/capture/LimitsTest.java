package io.httpaudit.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.kernel.Errno;
import io.httpaudit.kernel.Netlink;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Limits that are reached, or traffic would be app_only without a word. */
class LimitsTest {
  private final Taps taps = new Taps(Set.of());
  private final Listeners listeners =
      new Listeners(
          new Listeners.Entries() {
            @Override
            public int put(Endpoint entry) {
              return entry.port() == 80 ? 0 : -Errno.E2BIG;
            }

            @Override
            public void remove(Endpoint entry) {}
          });
  private final Limits limits = new Limits(taps, listeners);

  private void tap(int index) {
    taps.tap(new Netlink.Link(index, "veth" + index, true, false));
  }

  private void listen(int port) {
    listeners.add(new Endpoint(0, 0xffff_7f00_0001L, port), Interfaces.NONE);
  }

  @Test
  void anInterfaceForWhichThereIsNoSocketIsToldOnceAndStandsForOthers() {
    assertThat(limits.take()).isEmpty();
    tap(7);
    tap(8);
    assertThat(limits.take().orElseThrow()).startsWith("no socket left for the interface veth7,");
    tap(7);
    tap(9);
    assertThat(limits.take()).isEmpty();
  }

  @Test
  void aListenerOfWhichTheKernelCannotBeToldIsToldOnce() {
    listen(80);
    assertThat(limits.take()).isEmpty();
    listen(81);
    assertThat(limits.take().orElseThrow()).startsWith("no room in the kernel for another address");
    listen(82);
    assertThat(limits.take()).isEmpty();
  }

  @Test
  void bothAreToldOneAfterTheOther() {
    listen(81);
    tap(7);
    assertThat(limits.take()).isPresent();
    assertThat(limits.take()).isPresent();
    assertThat(limits.take()).isEmpty();
  }
}
