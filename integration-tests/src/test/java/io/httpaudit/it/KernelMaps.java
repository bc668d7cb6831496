package io.httpaudit.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The BPF maps that a process holds, found by its descriptors and read by bpftool, as anyone with
 * the right to may.
 */
final class KernelMaps {
  private static final Pattern MAP_ID = Pattern.compile("(?m)^map_id:\\s*(\\d+)$");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, Integer> ids = new HashMap<>();

  /** Key and value of a map's entry. */
  record Entry(byte[] key, byte[] value) {}

  KernelMaps(long pid) {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + pid + "/fdinfo"))) {
      for (Path descriptor : descriptors.toList()) {
        Matcher id = MAP_ID.matcher(Files.readString(descriptor));
        if (id.find()) {
          JsonNode map =
              JSON.readTree(Command.run("bpftool", "-j", "map", "show", "id", id.group(1)));
          ids.put(map.get("name").asText(), Integer.parseInt(id.group(1)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int id(String name) {
    if (!ids.containsKey(name)) {
      throw new IllegalStateException("no map " + name + " among " + ids);
    }
    return ids.get(name);
  }

  List<Entry> entries(String name) {
    try {
      List<Entry> entries = new ArrayList<>();
      for (JsonNode entry :
          JSON.readTree(
              Command.run("bpftool", "-j", "map", "dump", "id", Integer.toString(id(name))))) {
        // An entry that went while it was dumped has an error in its value's place.
        if (entry.get("value") != null && entry.get("value").isArray()) {
          entries.add(new Entry(bytes(entry.get("key")), bytes(entry.get("value"))));
        }
      }
      return entries;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As bpftool prints them: ["0x01", …]. */
  private static byte[] bytes(JsonNode texts) {
    byte[] bytes = new byte[texts.size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) Integer.parseInt(texts.get(i).asText().substring(2), 16);
    }
    return bytes;
  }

  /** All keys and values of a map, one behind the other. */
  byte[] dump(String name) {
    List<Entry> entries = entries(name);
    ByteBuffer all =
        ByteBuffer.allocate(
            entries.stream().mapToInt(e -> e.key().length + e.value().length).sum());
    entries.forEach(e -> all.put(e.key()).put(e.value()));
    return all.array();
  }
}
