package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.correlate.MessageHead;
import io.httpaudit.trace.Sampler;
import io.httpaudit.trace.SpanIds;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class IdsTest {
  private final Ids ids = new Ids(SpanIds.random(), Sampler.of("", "", new ArrayList<>()));

  private long exchanges;

  private TraceIds begin(long parent, boolean sampled) {
    MessageHead request =
        new MessageHead(
            true,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            "GET",
            "/",
            "shop",
            0,
            1,
            parent,
            0x0af7651916cd43ddL,
            0x8448eb211c80319cL,
            sampled,
            "rojo=1");
    return ids.begin(7, exchanges++, request);
  }

  @Test
  void whatTheRequestCarriesIsTheParent() {
    TraceIds child = begin(0xb7ad6b7169203331L, true);

    assertThat(child.traceId()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
    assertThat(child.parentSpanId()).isEqualTo("b7ad6b7169203331");
    assertThat(child.state()).isEqualTo("rojo=1");
    assertThat(child.sampled()).isTrue();
    assertThat(begin(1, false).sampled()).isFalse();
    assertThat(begin(1, false).parentSpanId()).isEqualTo("0000000000000001");
  }

  @Test
  void withoutOneItIsARoot() {
    TraceIds root = begin(0, false);

    assertThat(root.parentSpanId()).isEmpty();
    assertThat(root.state()).isEmpty();
    assertThat(root.traceId())
        .matches("[0-9a-f]{32}")
        .isNotEqualTo("0af7651916cd43dd8448eb211c80319c");
    assertThat(root.spanId()).matches("[0-9a-f]{16}");
    assertThat(root.sampled()).isTrue();
  }

  @Test
  void noIdComesTwice() {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      TraceIds root = begin(0, false);
      assertThat(seen.add(root.spanId())).isTrue();
      assertThat(seen.add(root.traceId())).isTrue();
    }
  }
}
