package io.httpaudit.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** News of links, addresses and routes. */
class NetlinkTest {
  private static final int NLMSG_NOOP = 1;
  private static final int NLM_F_REQUEST = 1;
  private static final int NLM_F_ACK = 4;

  /** Where hundreds of pods come up at once: the wake-up that told of them comes once. */
  @Test
  void moreNewsThanAreReadAtOnceAreReadNext() throws KernelException {
    Libc.load();
    try (Netlink news = Netlink.news()) {
      for (int i = 0; i < Netlink.DATAGRAMS + 1; i++) {
        makeNews(news);
      }
      assertThat(news.changes())
          .as("whatever those are that were not read")
          .isEqualTo(Netlink.CHANGED_LINKS | Netlink.CHANGED_ROUTES | Netlink.MORE);
      // Others' news may have come meanwhile.
      assertThat(news.changes() & (Netlink.CHANGED_LINKS | Netlink.MORE))
          .isEqualTo(Netlink.CHANGED_LINKS);
    }
  }

  /** No link that comes up, which would need a right: the kernel's answer comes by the same way. */
  private static void makeNews(Netlink news) throws KernelException {
    CallBuffer buffer = CallBuffer.take();
    try {
      int at = buffer.at(CallBuffer.VALUE);
      Netlink.header(buffer.bytes(), at, 16, NLMSG_NOOP, NLM_F_REQUEST | NLM_F_ACK, 1);
      Libc.check(Libc.send(news.fd(), buffer.address(CallBuffer.VALUE), 16, 0), "send");
    } finally {
      buffer.give();
    }
  }
}
