package io.httpaudit.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Side;
import io.httpaudit.flow.Endpoint;
import io.httpaudit.kernel.Libc;
import io.httpaudit.kernel.NoMap;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Claims that the kernel doesn't take. */
class AdmissionsTest {
  private static final Endpoint HERE = new Endpoint(0, 0xffff_c000_0201L, 1000);
  private static final Endpoint THERE = new Endpoint(0, 0xffff_c000_0202L, 80);

  /** Its packets exist, and are lost: without a capture there would be none. */
  @Test
  void aClaimThatIsRefusedIsNoConnectionWithoutACapture() throws Exception {
    Libc.load();
    Admissions admissions = new Admissions(NoMap.ofSize(40, 24));
    assertThat(admissions.claim(HERE, THERE, Side.CLIENT, 5)).isEqualTo(Admission.REFUSED);
    assertThat(admissions.refused()).isEqualTo(1);
    try (Capture none = new Capture(Set.of(), true)) {
      assertThat(none.admit(HERE, THERE, Side.CLIENT, 5)).isZero();
    }
  }
}
