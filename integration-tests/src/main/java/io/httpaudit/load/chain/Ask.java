package io.httpaudit.load.chain;

/**
 * A request's path: {@code /front/submit/4711/0}. The hops after the front carry the number of the
 * front's call, since one request may make several.
 */
public record Ask(String hop, HandOff handOff, long id, int call) {
  public static Ask of(String path) {
    String[] parts = path.split("/");
    if (parts.length != 5 || !parts[0].isEmpty()) {
      throw new IllegalArgumentException(path);
    }
    return new Ask(
        parts[1].intern(),
        HandOff.named(parts[2]),
        Long.parseLong(parts[3]),
        Integer.parseInt(parts[4]));
  }

  public Ask at(String otherHop) {
    return new Ask(otherHop, handOff, id, call);
  }

  public Ask call(int number) {
    return new Ask(hop, handOff, id, number);
  }

  public String path() {
    return "/" + hop + "/" + handOff + "/" + id + "/" + call;
  }

  /** What the answer must say. */
  String answer() {
    return id + "/" + call;
  }
}
