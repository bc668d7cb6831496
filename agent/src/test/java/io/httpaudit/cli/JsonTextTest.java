package io.httpaudit.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextTest {
  @Test
  void everyKindOfValueIsRead() throws Exception {
    assertThat(
            JsonText.object(
                " {\"a\":1,\"b\":-2.5e1, \"c\" : true,\"d\":false,\"e\":null,\"f\":[],\"g\":[1,\"x\"],\"h\":{\"i\":{}}} "))
        .isEqualTo(
            Map.of(
                "a",
                1L,
                "b",
                -25.0,
                "c",
                true,
                "d",
                false,
                "f",
                List.of(),
                "g",
                List.of(1L, "x"),
                "h",
                Map.of("i", Map.of())));
  }

  @Test
  void escapesAreUndone() throws Exception {
    assertThat(JsonText.object("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\"}"))
        .isEqualTo(Map.of("a", "\"\\/\b\f\n\r\tä😀"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,}",
        "{\"a\":1}}",
        "{\"a\":\"x}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":1-}",
        "{\"a\":tru}",
        "{a:1}",
        "{\"a\":\"\t\"}",
        "{\"a\":99999999999999999999}"
      })
  void whatIsNoObjectIsRefused(String text) {
    assertThatThrownBy(() -> JsonText.object(text)).isInstanceOf(JsonText.Malformed.class);
  }

  @Test
  void deepNestingDoesNotExhaustTheStack() {
    assertThatThrownBy(() -> JsonText.object("{\"a\":" + "[".repeat(1_000_000)))
        .hasMessageContaining("nested too deep");
  }
}
