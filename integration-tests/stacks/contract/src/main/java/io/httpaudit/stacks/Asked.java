package io.httpaudit.stacks;

/**
 * One exchange as a client makes it: what it sends, and what it asks for. All kinds follow one
 * another.
 */
public record Asked(String method, int bytes, boolean chunked, Wanted wanted) {
  private static final int LARGE = 200_000;

  public static Asked of(int number) {
    if (number % 100 == 50) {
      return get(number, LARGE, number % 200 == 50 ? "chunked" : "length");
    }
    if (number % 100 == 75) {
      return post("POST", number, LARGE, number % 200 == 75, 10, "length");
    }
    return switch (number % 10) {
      case 0 -> get(number, 100, "length");
      case 1 -> get(number, 3_000, "chunked");
      case 2 -> new Asked("HEAD", 0, false, new Wanted(number, 500, "length"));
      case 3 -> post("POST", number, 2_000, false, 50, "length");
      case 4 -> post("POST", number, 5_000, true, 20_000, "chunked");
      case 5 -> get(number, 0, "none");
      case 6 -> post("PUT", number, 0, false, 0, "length");
      case 7 -> post("POST", number, 40_000, false, 40_000, "length");
      case 8 -> get(number, 16_384, "length");
      default -> post("POST", number, 1, true, 1, "chunked");
    };
  }

  private static Asked get(int number, int bytes, String framing) {
    return new Asked("GET", 0, false, new Wanted(number, bytes, framing));
  }

  private static Asked post(
      String method, int number, int sent, boolean chunked, int bytes, String framing) {
    return new Asked(method, sent, chunked, new Wanted(number, bytes, framing));
  }

  public boolean hasBody() {
    return method.startsWith("P");
  }

  /** Its body waits for a 100. */
  public boolean expects() {
    return wanted.framing().equals("continue");
  }

  /** How long the client waits for the response, in milliseconds; 0: as long as it takes. */
  public int timeout() {
    return wanted.framing().equals("slow") ? 200 : 0;
  }

  /** What follows is a WebSocket: see {@link Stack.Client#make}. */
  public boolean upgrades() {
    return wanted.framing().equals("upgrade");
  }

  public byte[] body() {
    return Bodies.of(wanted.number(), bytes);
  }

  public void check(int status, byte[] body) throws java.io.IOException {
    if (status != wanted.status()) {
      throw new java.io.IOException(this + ": answered " + status);
    }
    Bodies.check(wanted.number(), method.equals("HEAD") ? 0 : wanted.bytes(), body);
  }
}
