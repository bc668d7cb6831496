package io.httpaudit.stacks;

/**
 * The response that a request's target asks for: {@code /x/NUMBER/BYTES/FRAMING}, where the framing
 * is {@code length}, {@code chunked}, or {@code none} for a 204.
 */
public record Wanted(int number, int bytes, String framing) {
  public static Wanted of(String target) {
    String[] parts = target.split("/");
    return new Wanted(Integer.parseInt(parts[2]), Integer.parseInt(parts[3]), parts[4]);
  }

  public String target() {
    return "/x/" + number + "/" + bytes + "/" + framing;
  }

  public boolean isChunked() {
    return framing.equals("chunked");
  }

  public int status() {
    return framing.equals("none") ? 204 : 200;
  }
}
