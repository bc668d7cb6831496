package io.httpaudit.it.chain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.httpaudit.load.chain.Ask;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Reads audit logs, a line at a time: a full run's are 400 MB. */
final class AuditLogs {
  private static final ObjectMapper JSON = new ObjectMapper();

  private AuditLogs() {}

  /**
   * @param exchanges gets each exchange whose request was seen
   * @return the summary
   */
  static JsonNode read(Path log, Consumer<View> exchanges) {
    JsonNode summary = JSON.missingNode();
    try (BufferedReader reader = Files.newBufferedReader(log)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        JsonNode json = JSON.readTree(line);
        String type = json.get("type").asText();
        if (type.equals("summary")) {
          summary = json;
        } else if (type.equals("exchange") && json.has("url")) {
          exchanges.accept(view(json));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return summary;
  }

  private static View view(JsonNode json) {
    String url = json.get("url").asText();
    String path = url.substring(url.indexOf('/', url.indexOf("://") + 3));
    return new View(
        json.get("service").asText().intern(),
        json.get("side").asText().equals("server"),
        Ask.of(path),
        json.path("status").asInt(0),
        json.get("trace_id").asText(),
        json.get("span_id").asText(),
        json.path("parent_span_id").asText(""));
  }
}
