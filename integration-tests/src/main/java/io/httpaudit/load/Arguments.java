package io.httpaudit.load;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;

/** {@link Load}'s. */
final class Arguments {
  private static final List<String> KEYS =
      List.of(
          "role",
          "bind",
          "target",
          "servers",
          "clients",
          "exchanges",
          "seed",
          "shapes",
          "drops",
          "threads");

  private final Map<String, String> values = new HashMap<>();

  Arguments(String[] words) {
    for (String word : words) {
      int equals = word.indexOf('=');
      if (equals < 0 || !KEYS.contains(word.substring(0, equals))) {
        throw new IllegalArgumentException(word + ": not one of " + KEYS);
      }
      values.put(word.substring(0, equals), word.substring(equals + 1));
    }
  }

  String text(String key, String otherwise) {
    return values.getOrDefault(key, otherwise);
  }

  int number(String key, int otherwise) {
    String value = values.get(key);
    return value == null ? otherwise : Integer.parseInt(value);
  }

  private List<String> words(String key) {
    String value = values.getOrDefault(key, "all");
    return value.equals("all") ? List.of() : List.of(value.split(","));
  }

  List<ServerKind> servers() {
    List<String> names = words("servers");
    return names.isEmpty()
        ? List.of(ServerKind.values())
        : names.stream().map(ServerKind::of).toList();
  }

  /** As {@link #portsText} printed them. */
  Map<ServerKind, Integer> ports() {
    Map<ServerKind, Integer> ports = new EnumMap<>(ServerKind.class);
    for (String pair : words("servers")) {
      String[] nameAndPort = pair.split("=");
      ports.put(ServerKind.of(nameAndPort[0]), Integer.parseInt(nameAndPort[1]));
    }
    if (ports.isEmpty()) {
      throw new IllegalArgumentException("role=client needs servers=name=port,…");
    }
    return ports;
  }

  String portsText(Map<ServerKind, Integer> ports) {
    StringJoiner text = new StringJoiner(",");
    ports.forEach((kind, port) -> text.add(kind + "=" + port));
    return text.toString();
  }

  List<ClientKind> clients() {
    List<String> names = words("clients");
    return names.isEmpty()
        ? List.of(ClientKind.values())
        : names.stream()
            .map(name -> ClientKind.valueOf(name.toUpperCase(java.util.Locale.ROOT)))
            .toList();
  }

  boolean ordinary() {
    List<String> names = words("shapes");
    return names.isEmpty() || names.stream().anyMatch(name -> name.matches("all|ordinary|-.*"));
  }

  Set<Shape> shapes() {
    Set<Shape> shapes = new LinkedHashSet<>();
    List<String> names = new ArrayList<>(words("shapes"));
    if (names.contains("all") || names.stream().allMatch(name -> name.startsWith("-"))) {
      shapes.addAll(List.of(Shape.values()));
      // What is known to be more than the kernel keeps must be asked for.
      shapes.remove(Shape.SCATTERED);
    }
    for (String name : names) {
      if (name.startsWith("-")) {
        shapes.remove(Shape.of(name.substring(1)));
      } else if (!name.matches("all|ordinary")) {
        shapes.add(Shape.of(name));
      }
    }
    if (!values.containsKey("drops")) {
      shapes.remove(Shape.CONNECT_TIMEOUT);
    }
    return shapes;
  }
}
