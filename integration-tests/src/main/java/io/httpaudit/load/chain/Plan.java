package io.httpaudit.load.chain;

/**
 * What else depends on the id, so that every program and the judge know it: each with each, over
 * many ids.
 *
 * @param urlConnection whether the client uses {@code HttpURLConnection}, else {@code
 *     java.net.http}
 * @param nio2 which of the front's connectors
 * @param async whether the front waits for {@code sendAsync}, where it could have used {@code send}
 * @param moved whether the back answers with a redirect first
 * @param server which of the back's servers
 * @param back what the back does between the request and its call
 * @param form how the requests of the client and of the back are made
 * @param movedAgain whether the raw server does
 * @param audited whether the raw server is the one under the agent
 */
public record Plan(
    boolean urlConnection,
    boolean nio2,
    boolean async,
    boolean moved,
    Server server,
    Back back,
    Form form,
    boolean movedAgain,
    boolean audited) {

  /** Of the back: what its handlers run on. */
  public enum Server {
    POOL,
    /** The thread that reads the requests. */
    INLINE,
    VIRTUAL
  }

  /** Of the back, before its call. */
  public enum Back {
    DIRECT,
    SUBMIT,
    /** The handler returns at once; some other thread answers. */
    LATER,
    SUPPLY_ASYNC,
    VIRTUAL
  }

  /** How a request is made. */
  public enum Form {
    GET,
    POST,
    /** Written while it is made. */
    STREAMED
  }

  public static Plan of(long id, int jdk) {
    long bits = mix(id);
    Server[] servers = Server.values();
    Back[] backs = Back.values();
    int without = jdk >= 21 ? 0 : 1;
    Form form = Form.values()[(int) ((bits >>> 20 & 0xff) % 4 % 3)];
    return new Plan(
        (bits & 1) != 0,
        (bits >>> 29 & 1) != 0,
        (bits & 2) != 0,
        (bits >>> 2 & 3) == 0,
        servers[(int) ((bits >>> 4 & 0xff) % (servers.length - without))],
        backs[(int) ((bits >>> 12 & 0xff) % (backs.length - without))],
        form,
        form == Form.GET && (bits >>> 30 & 3) == 0,
        (bits >>> 28 & 1) != 0);
  }

  /** Steele, Lea, Flood 2014: SplitMix64's. */
  private static long mix(long id) {
    long z = (id + 1) * 0x9e3779b97f4a7c15L;
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }

  /**
   * The {@code traceparent} that the application itself makes for an id: no other is like it, and
   * it starts with the id.
   */
  public static String traceparent(long id) {
    return String.format("00-%016x%016x-%016x-01", id + 1, mix(id) | 1, mix(id + 1) | 1);
  }
}
