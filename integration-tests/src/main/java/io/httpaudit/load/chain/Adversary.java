package io.httpaudit.load.chain;

import io.httpaudit.load.Threads;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What clients do that no library does, by plain sockets, while the others are at work. It needs no
 * agent, and mustn't have one: its requests begin traces, unless they say otherwise themselves.
 *
 * <p>Arguments: the file for what it sent, how many rounds, the front's two ports, and the ports of
 * the back's servers. A line an id: id, what was done, whether its first server must have seen it
 * whole, {@code traceparent}, {@code tracestate}, {@code baggage}, parted by tabs.
 */
public final class Adversary {
  private static final long FIRST_ID = 2_000_000;
  private static final int THREADS = 4;
  private static final String STATE = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
  private static final String BAGGAGE = "userId=alice,serverNode=DF%2028,isProduction=false";

  /** Each followed by what makes it unlike any valid one. */
  private static final List<String> INVALID =
      List.of("short", "upper", "zero-trace", "zero-span", "version-ff", "longer");

  private final int jdk = Runtime.version().feature();
  private final PrintWriter record;
  private final List<Integer> fronts;
  private final List<Integer> backs;
  private final AtomicLong ids = new AtomicLong(FIRST_ID);

  private Adversary(PrintWriter record, List<Integer> fronts, List<Integer> backs) {
    this.record = record;
    this.fronts = fronts;
    this.backs = backs;
  }

  public static void main(String[] arguments) throws Exception {
    List<Integer> ports = new ArrayList<>();
    for (int i = 2; i < arguments.length; i++) {
      ports.add(Integer.parseInt(arguments[i]));
    }
    try (PrintWriter record = new PrintWriter(Files.newBufferedWriter(Path.of(arguments[0])))) {
      Adversary adversary =
          new Adversary(record, ports.subList(0, 2), ports.subList(2, ports.size()));
      adversary.run(Integer.parseInt(arguments[1]));
    }
    System.out.println("done");
    System.exit(0);
  }

  private void run(int rounds) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS, Threads.daemons("adversary"));
    List<Future<?>> played = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      int round = i;
      played.add(
          threads.submit(
              () -> {
                round(round);
                return null;
              }));
    }
    for (Future<?> each : played) {
      each.get();
    }
  }

  private void round(int round) throws IOException {
    int front = fronts.get(round % 2);
    pipelined(front, "front", 2 + round % 3);
    pipelined(backs.get(round % backs.size()), "back", 2 + round % 3);
    refused(front, "front", round);
    refused(backs.get(round % backs.size()), "back", round);
    ownTrace(front, round);
    gone(front, round);
  }

  /** What a request says of its trace, and what its first server must make of it. */
  private record Trace(String traceparent, String state, String baggage, boolean valid) {
    static final Trace NONE = new Trace("", "", "", true);

    String fields() {
      return field("traceparent", traceparent)
          + field("tracestate", state)
          + field("baggage", baggage);
    }

    private static String field(String name, String value) {
      return value.isEmpty() ? "" : name + ": " + value + "\r\n";
    }
  }

  /** An id whose way through the front suits a connection that is kept. */
  private Ask next(String hop) {
    long id = ids.getAndIncrement();
    HandOff handOff = hop.equals("front") ? HandOff.of(id, jdk) : HandOff.SEND;
    boolean suits = handOff != HandOff.THROWS && handOff != HandOff.OWN_HEADER;
    return new Ask(hop, suits ? handOff : HandOff.SEND, id, 0);
  }

  private void sent(Ask ask, String what, boolean whole, Trace trace) {
    record.println(
        String.join(
            "\t",
            Long.toString(ask.id()),
            ask.path(),
            what,
            Boolean.toString(whole),
            trace.valid ? trace.traceparent : "",
            trace.valid ? trace.state : "",
            trace.valid ? trace.baggage : "?"));
  }

  private static String request(Ask ask, Trace trace) {
    return "GET " + ask.path() + " HTTP/1.1\r\nHost: chain\r\n" + trace.fields() + "\r\n";
  }

  /** Several requests in one write; each other one has a trace of its own. */
  private void pipelined(int port, String hop, int count) throws IOException {
    List<Ask> asks = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      Ask ask = next(hop);
      Trace trace = i % 2 == 0 ? Trace.NONE : valid(ask.id(), "01");
      asks.add(ask);
      text.append(request(ask, trace));
      sent(ask, "pipelined to the " + hop, true, trace);
    }
    try (Line line = new Line(port)) {
      line.send(text.toString());
      for (Ask ask : asks) {
        line.receive(ask);
      }
    }
  }

  private static Trace valid(long id, String flags) {
    String whole = Plan.traceparent(id);
    return new Trace(whole.substring(0, whole.length() - 2) + flags, STATE, BAGGAGE, true);
  }

  /** One that never reaches the application, with a trace of its own, and one that does. */
  private void refused(int port, String hop, int round) throws IOException {
    Ask bad = next(hop).at("nowhere");
    Ask good = next(hop);
    Trace badTrace = valid(bad.id(), "01");
    String refusal = request(bad, badTrace);
    boolean malformed = round % 3 == 0;
    if (malformed) {
      refusal = refusal.replace("Host: chain\r\n", "Host: chain\r\nContent-Length: nought\r\n");
    }
    boolean pipelined = round % 2 == 0;
    try (Line line = new Line(port)) {
      line.send(pipelined ? refusal + request(good, Trace.NONE) : refusal);
      int status = line.receive();
      if (status < 400) {
        throw new IOException(bad.path() + " was answered with " + status);
      }
      sent(bad, "refused by the " + hop, !malformed, badTrace);
      boolean answered = false;
      try {
        if (!pipelined) {
          line.send(request(good, Trace.NONE));
        }
        answered = line.receive() == 200;
      } catch (IOException e) {
        // With what it refused the server ended the connection.
      }
      sent(good, "after one refused by the " + hop, answered, Trace.NONE);
    }
  }

  /** Over one connection, requests with and without traces of their own. */
  private void ownTrace(int front, int round) throws IOException {
    try (Line line = new Line(front)) {
      for (int i = 0; i < 4; i++) {
        Ask ask = next("front");
        Trace trace = Trace.NONE;
        String what = "without a trace, after one with";
        if (i == 0) {
          trace = valid(ask.id(), "01");
          what = "a trace of its own";
        } else if (i == 2) {
          String kind = INVALID.get(round % INVALID.size());
          trace = new Trace(invalid(ask.id(), kind), STATE, BAGGAGE, false);
          what = "an invalid trace: " + kind;
        } else if (round % 2 == 0) {
          trace = valid(ask.id(), "00");
          what = "a trace of its own, not sampled";
        }
        sent(ask, what, true, trace);
        line.send(request(ask, trace));
        line.receive(ask);
      }
    }
  }

  private static String invalid(long id, String kind) {
    String valid = Plan.traceparent(id);
    switch (kind) {
      case "short":
        return valid.substring(0, valid.length() - 4);
      case "upper":
        return valid.replaceAll("-[0-9a-f]{8}", "-ABCDEF01");
      case "zero-trace":
        return "00-" + "0".repeat(32) + valid.substring(35);
      case "zero-span":
        return valid.substring(0, 36) + "0".repeat(16) + "-01";
      case "version-ff":
        return "ff" + valid.substring(2);
      default:
        return valid + "-more";
    }
  }

  /** The client goes before its answer comes, or in the middle of what it has to say. */
  private void gone(int front, int round) throws IOException {
    Ask ask = new Ask("front", HandOff.SLOW, ids.getAndIncrement(), 0);
    boolean whole = round % 2 == 0;
    String request = request(ask, Trace.NONE);
    if (!whole) {
      request =
          request.replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 9\r\n\r\nhalf");
    }
    sent(ask, whole ? "gone before the answer" : "gone in the middle", false, Trace.NONE);
    try (Line line = new Line(front)) {
      line.send(request);
      Pause.millis(5);
    }
  }
}
