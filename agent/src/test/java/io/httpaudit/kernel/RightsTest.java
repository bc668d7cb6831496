package io.httpaudit.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.capture.Capture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Who holds a right, and for how long. */
class RightsTest {
  private static final int CAP_NET_RAW = 13;
  private static final int CAP_SYS_ADMIN = 21;
  private static final int CAP_BPF = 39;

  /**
   * As root is in Docker, unless told otherwise: the filter can't be loaded, so no right serves.
   */
  @Test
  void auditThreadOfALowerTierGivesUpWhatItHas() throws Exception {
    assertThat(rightsAfterTheStart(false) >>> CAP_NET_RAW & 1).isZero();
  }

  @Test
  void auditThreadKeepsThemWhereThatIsWanted() throws Exception {
    assertThat(rightsAfterTheStart(true) >>> CAP_NET_RAW & 1).isOne();
  }

  /** Of a thread with CAP_NET_RAW alone that has tried to bring the filter up. */
  private static long rightsAfterTheStart(boolean keep) throws Exception {
    Libc.load();
    CompletableFuture<Long> before = new CompletableFuture<>();
    CompletableFuture<Long> after = new CompletableFuture<>();
    Thread audit =
        new Thread(
            () -> {
              try (Capture capture = new Capture(Set.of(), keep)) {
                Rights.drop(1L << CAP_BPF | 1L << CAP_SYS_ADMIN);
                before.complete(held());
                capture.start();
                assertThat(capture.tier()).isEqualTo(3);
                assertThat(capture.missing()).endsWith("CAP_BPF missing");
                after.complete(held());
              } catch (Throwable e) {
                before.completeExceptionally(e);
                after.completeExceptionally(e);
              }
            });
    audit.start();
    audit.join();
    Assumptions.assumeTrue(
        (before.get() >>> CAP_NET_RAW & 1) == 1, "needs CAP_NET_RAW, to see it given up");
    return after.get();
  }

  /** Permitted and effective of this thread, or'ed. */
  private static long held() throws Exception {
    return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
        .filter(line -> line.startsWith("CapPrm:") || line.startsWith("CapEff:"))
        .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).trim(), 16))
        .reduce(0, (a, b) -> a | b);
  }
}
