package io.httpaudit.load.tls;

/**
 * The response that a request's target asks for: {@code /x/NUMBER/BYTES/FRAMING}, where the framing
 * is {@code length}, {@code chunked}, or {@code none} for a 204.
 */
record Wanted(int number, int bytes, String framing) {
  static Wanted of(String target) {
    String[] parts = target.split("/");
    return new Wanted(Integer.parseInt(parts[2]), Integer.parseInt(parts[3]), parts[4]);
  }

  String target() {
    return "/x/" + number + "/" + bytes + "/" + framing;
  }

  boolean isChunked() {
    return framing.equals("chunked");
  }

  int status() {
    return framing.equals("none") ? 204 : 200;
  }
}
