package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.trace.Sampler;
import io.httpaudit.trace.SpanIds;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdsTest {
  private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  private final Ids ids = new Ids(SpanIds.random(), Sampler.of("", "", new ArrayList<>()));

  private long exchanges;

  private TraceIds begin(String traceparent) {
    return ids.begin(7, exchanges++, traceparent, "rojo=1");
  }

  @Test
  void aValidTraceparentIsTheParent() {
    TraceIds child = begin(PARENT);

    assertThat(child.traceId()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
    assertThat(child.parentSpanId()).isEqualTo("b7ad6b7169203331");
    assertThat(child.state()).isEqualTo("rojo=1");
    assertThat(child.sampled()).isTrue();
    assertThat(begin(PARENT.replace("-01", "-00")).sampled()).isFalse();
    assertThat(begin(PARENT.replace("-01", "-03")).sampled()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-will-be-like",
      })
  void aLaterVersionIsReadAsFarAsItIsKnown(String traceparent) {
    assertThat(begin(traceparent).parentSpanId()).isEqualTo("b7ad6b7169203331");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
        " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      })
  void anythingElseMakesARoot(String traceparent) {
    TraceIds root = begin(traceparent);

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
      TraceIds root = begin("");
      assertThat(seen.add(root.spanId())).isTrue();
      assertThat(seen.add(root.traceId())).isTrue();
    }
  }
}
