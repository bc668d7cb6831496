package io.httpaudit.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.trace.propagation.internal.W3CTraceContextEncoding;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the SDK's own propagator would read, and send on. */
class TracestateTest {
  private static String bySdk(String value) {
    try {
      return W3CTraceContextEncoding.encodeTraceState(
          W3CTraceContextEncoding.decodeTraceState(value));
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        "a=1 , b=2\t,\tc=3",
        " a=1",
        "a=1 ",
        "a=1,a=2",
        "a=1,,b=2",
        "a=1,",
        "a",
        "a=",
        "=a",
        "A=1",
        "1=a",
        "1t@sys=a",
        "tenant@system=a",
        "tenant@=a",
        "t@s@u=a",
        "t@systemsystemsy=a",
        "t@systemsystemsys=a",
        "a=b=c",
        "a=b c",
        "a=caf\u00e9",
        "a= b",
        "a=b , b=c",
      })
  void isReadAsTheSdkReadsIt(String value) {
    assertThat(Tracestate.normal(value)).isEqualTo(bySdk(value));
  }

  @Property(tries = 5_000)
  void anyIsReadAsTheSdkReadsIt(@ForAll("states") String value) {
    assertThat(Tracestate.normal(value)).isEqualTo(bySdk(value));
  }

  @Provide
  Arbitrary<String> states() {
    Arbitrary<String> text =
        Arbitraries.strings().withChars("abz019_-*/@ =\t~!A\u00e9").ofMaxLength(4);
    Arbitrary<String> key = Arbitraries.strings().withChars("ab1@-").ofMaxLength(3);
    Arbitrary<String> member =
        Arbitraries.oneOf(
            text,
            key.flatMap(name -> text.map(value -> name + "=" + value)),
            Arbitraries.integers()
                .between(230, 260)
                .flatMap(
                    length ->
                        Arbitraries.of(
                            "a=" + "v".repeat(length),
                            "k".repeat(length) + "=v",
                            "k".repeat(length) + "@sys=v")));
    return Arbitraries.oneOf(
        member.list().ofMaxSize(4).map(members -> String.join(",", members)),
        Arbitraries.integers().between(30, 34).map(TracestateTest::many));
  }

  private static String many(int count) {
    StringBuilder value = new StringBuilder();
    for (int i = 0; i < count; i++) {
      value.append(i == 0 ? "" : ",").append("k").append(i).append("=v");
    }
    return value.toString();
  }
}
