package io.httpaudit.load;

import java.util.Map;
import java.util.TreeMap;

/**
 * What the answer to a request shall be: the client writes it into the request's target, and a
 * server does so. A path such as {@code /x17/size=500/status=404}: nothing of it is a query, since
 * an audit log leaves no value of a query.
 *
 * <p>{@code size} bytes of a body, framed by {@code body}: {@code length}, {@code chunked}, {@code
 * close} or {@code none}. {@code ext}, {@code trail}: chunk extensions, trailers. {@code interim}:
 * answers before the final one, {@code 100+103}. {@code delay}: ms before the answer; {@code gap}:
 * between its head and its body. {@code cut}: into which writes the answer goes, {@code whole},
 * {@code apart}, {@code bytes}, {@code odd}, {@code gather} or {@code file}. {@code early}: before
 * the request's body is read. {@code then}: {@code keep}, {@code close}, {@code rst}; {@code at}:
 * that after so many bytes of the answer. {@code quirk}: what is wrong with the answer's head.
 */
final class Script {
  private final String mark;
  private final int id;
  private final Map<String, String> values = new TreeMap<>();

  /**
   * @param mark {@code x}: both ends will see request and answer whole; {@code q}: not so, or not
   *     framed
   */
  Script(String mark, int id) {
    this.mark = mark;
    this.id = id;
  }

  static Script plain(int id) {
    return new Script("x", id);
  }

  static Script quaint(int id) {
    return new Script("q", id);
  }

  Script with(String key, Object value) {
    values.put(key, String.valueOf(value));
    return this;
  }

  int id() {
    return id;
  }

  String text(String key, String otherwise) {
    return values.getOrDefault(key, otherwise);
  }

  int number(String key, int otherwise) {
    String value = values.get(key);
    return value == null ? otherwise : Integer.parseInt(value);
  }

  boolean is(String key, String value) {
    return value.equals(values.get(key));
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  int status() {
    return number("status", 200);
  }

  int size() {
    return number("size", 0);
  }

  /** Whether both ends will see request and answer whole, and framed. */
  boolean isPlain() {
    return mark.equals("x");
  }

  /** Whether the answer can have a body at all. */
  boolean bodiless(String method) {
    return method.equals("HEAD") || status() == 204 || status() == 304;
  }

  String path() {
    StringBuilder path = new StringBuilder("/").append(mark).append(id);
    values.forEach((key, value) -> path.append('/').append(key).append('=').append(value));
    return path.toString();
  }

  /**
   * From a target in origin, absolute or any other form; one without a script asks for an empty
   * 200.
   */
  static Script of(String target) {
    String path = target;
    int scheme = path.indexOf("://");
    if (scheme >= 0) {
      int slash = path.indexOf('/', scheme + 3);
      path = slash < 0 ? "/" : path.substring(slash);
    }
    String[] segments = path.split("[/?]");
    if (segments.length < 2 || !segments[1].matches("[xq][0-9]+")) {
      return plain(0);
    }
    Script script =
        new Script(segments[1].substring(0, 1), Integer.parseInt(segments[1].substring(1)));
    for (int i = 2; i < segments.length; i++) {
      int equals = segments[i].indexOf('=');
      if (equals > 0) {
        script.with(segments[i].substring(0, equals), segments[i].substring(equals + 1));
      }
    }
    return script;
  }

  @Override
  public String toString() {
    return path();
  }
}
