package io.httpaudit.stacks;

/**
 * The response that a request's target asks for: {@code /x/NUMBER/BYTES/FRAMING}, where the framing
 * is {@code length}, {@code chunked}, or {@code none} for a 204; or a status, or the name of a case
 * that goes otherwise than most.
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

  /** Whether whoever answers is to do so on another thread than it was asked on. */
  public static boolean isAsync(String target) {
    return target.endsWith("/async");
  }

  public int status() {
    if (framing.equals("none")) {
      return 204;
    }
    return Character.isDigit(framing.charAt(0)) ? Integer.parseInt(framing) : 200;
  }
}
