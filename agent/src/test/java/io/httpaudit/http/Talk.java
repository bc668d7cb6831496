package io.httpaudit.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What goes over one connection, step by step, and what both parsers of one side make of it. The
 * same must come out however the bytes are cut into calls, on either side of the connection, and
 * whether or not the preview of a write runs before its answer.
 */
final class Talk {
  private enum Kind {
    REQUEST,
    RESPONSE,
    REQUESTS_END,
    RESPONSES_END,
    RESET
  }

  private record Step(Kind kind, byte[] bytes) {}

  /** What each direction told. */
  record Told(List<String> requests, List<String> responses) {}

  /**
   * Where a step's bytes are cut: before this position; Integer.MAX_VALUE: nowhere; 0: everywhere.
   */
  private static final int NOWHERE = Integer.MAX_VALUE;

  private static final int EVERYWHERE = 0;

  private final List<Step> steps = new ArrayList<>();

  Talk request(String text) {
    return request(bytes(text));
  }

  Talk request(byte[] bytes) {
    return add(Kind.REQUEST, bytes);
  }

  Talk response(String text) {
    return response(bytes(text));
  }

  Talk response(byte[] bytes) {
    return add(Kind.RESPONSE, bytes);
  }

  /** A FIN behind the requests. */
  Talk requestsEnd() {
    return add(Kind.REQUESTS_END, new byte[0]);
  }

  /** A FIN behind the responses. */
  Talk responsesEnd() {
    return add(Kind.RESPONSES_END, new byte[0]);
  }

  Talk reset() {
    return add(Kind.RESET, new byte[0]);
  }

  private Talk add(Kind kind, byte[] bytes) {
    steps.add(new Step(kind, bytes));
    return this;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The outcome, once every way to cut was tried. */
  Told told() {
    Told whole = run(true, NOWHERE, false);
    int longest = steps.stream().mapToInt(step -> step.bytes.length).max().orElse(0);
    for (boolean client : new boolean[] {true, false}) {
      for (int cut = EVERYWHERE; cut < longest; cut++) {
        assertThat(run(client, cut, false))
            .describedAs("cut %s, client %s", cut, client)
            .isEqualTo(whole);
      }
      assertThat(run(client, NOWHERE, false)).isEqualTo(whole);
    }
    assertThat(run(true, NOWHERE, true))
        .describedAs("answers read before the write returned")
        .isEqualTo(whole);
    return whole;
  }

  /** The outcome of one way. */
  Told once(boolean client, int cut) {
    return run(client, cut, false);
  }

  /**
   * @param late a client's write returns only after the answer that follows was read
   */
  private Told run(boolean client, int cut, boolean late) {
    Requests between = new Requests();
    Recorder requestsTold = new Recorder();
    Recorder responsesTold = new Recorder();
    MessageParser requests = MessageParser.ofRequests(between, requestsTold);
    MessageParser responses = MessageParser.ofResponses(between, responsesTold);
    byte[] unreturned = null;
    for (Step step : steps) {
      boolean isAnswer = step.kind == Kind.RESPONSE;
      if (unreturned != null && !isAnswer) {
        requests.parse(unreturned, 0, unreturned.length);
        unreturned = null;
      }
      switch (step.kind) {
        case REQUEST -> {
          if (late) {
            preview(requests, step.bytes, 0, step.bytes.length);
            unreturned = step.bytes;
          } else {
            move(requests, step.bytes, cut, client);
          }
        }
        case RESPONSE -> move(responses, step.bytes, cut, !client);
        case REQUESTS_END -> requests.end();
        case RESPONSES_END -> responses.end();
        case RESET -> {
          requests.abort();
          responses.abort();
        }
      }
      if (unreturned != null && isAnswer) {
        requests.parse(unreturned, 0, unreturned.length);
        unreturned = null;
      }
    }
    if (unreturned != null) {
      requests.parse(unreturned, 0, unreturned.length);
    }
    return new Told(requestsTold.told, responsesTold.told);
  }

  private static void move(MessageParser parser, byte[] bytes, int cut, boolean written) {
    int from = 0;
    while (from < bytes.length) {
      int to = cut == EVERYWHERE ? from + 1 : from == 0 && cut < bytes.length ? cut : bytes.length;
      if (written) {
        preview(parser, bytes, from, to);
      }
      parser.parse(bytes, from, to);
      from = to;
    }
  }

  private static void preview(MessageParser parser, byte[] bytes, int from, int to) {
    if (parser.wantsAhead(to - from)) {
      MessageParser ahead = parser.ahead();
      ahead.parse(bytes, from, to);
      ahead.discard();
    }
  }
}
