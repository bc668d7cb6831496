package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PartialSuccessTest {
  private static long rejected(String hex) {
    return PartialSuccess.rejectedSpans(HexFormat.of().parseHex(hex));
  }

  @ParameterizedTest
  @CsvSource({
    "'', 0",
    "0a00, 0",
    "0a020803, 3",
    // Cut off.
    "0a060803120220, 0",
    "0a06080312026e6f, 3",
    "0a061202 6e6f0803, 3",
    "0a0508ac021200, 300",
    // Fields of a later version: a varint, 32 and 64 bits, a text.
    "1801 25000000ff 290000000000000008 0a020805 3a03080708, 5",
    // -1, and what no varint is.
    "0a0b08ffffffffffffffffff01, 0",
    "0a0b08ffffffffffffffffffff01, 0",
    "08, 0",
    "0a027fffffff, 0",
  })
  void theCountOfRejectedSpansIsRead(String hex, long spans) {
    assertThat(rejected(hex.replace(" ", ""))).isEqualTo(spans);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"partialSuccess\":{\"rejectedSpans\":3}}", "<html>", "OK", "\n"})
  void whatIsAnotherAnswerRejectsNothing(String text) {
    assertThat(PartialSuccess.rejectedSpans(text.getBytes(StandardCharsets.UTF_8))).isZero();
  }
}
