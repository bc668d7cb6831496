package io.httpaudit.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.kernel.Netlink;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinkNamesTest {
  private final LinkNames names = new LinkNames();

  private static Netlink.Link link(int index) {
    return new Netlink.Link(index, "veth" + index, true, false);
  }

  @Test
  void theNameOfALinkThatIsGoneIsKnownForTheExchangesThatWereOnIt() {
    names.read(List.of(link(1), link(2)));
    names.read(List.of(link(1)));
    assertThat(names.of(2)).isEqualTo("veth2");
    assertThat(names.of(3)).isEmpty();
  }

  /** A node's pods come and go: an index is never used again. */
  @Test
  void theNewestLinkHasItsNameHoweverManyWereBefore() {
    for (int index = 2; index < 3 * LinkNames.MOST; index++) {
      names.read(List.of(link(1), link(index)));
      assertThat(names.of(1)).isEqualTo("veth1");
      assertThat(names.of(index)).isEqualTo("veth" + index);
    }
    assertThat(names.of(2)).as("or they would be without a bound").isEmpty();
  }
}
