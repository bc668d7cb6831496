package io.httpaudit.load;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * One connection of a scripted server: told what came, it says what to do next. Knows no socket, so
 * that servers of every kind behave the same.
 */
final class Conversation {
  /** Heads longer than that are refused. */
  private static final int HEAD = 256 * 1024;

  private enum State {
    HEAD,
    BODY,
    CHUNK_SIZE,
    CHUNK_DATA,
    CHUNK_END,
    TRAILERS,
    TUNNEL,
    /**
     * What comes is thrown away until the peer ends: closing before would send an RST over the last
     * answer.
     */
    DRAIN,
    OVER
  }

  private final Deque<Step> steps = new ArrayDeque<>();
  private final Input input = new Input();
  private State state = State.HEAD;
  private int scanned;
  private final List<String> lines = new ArrayList<>();
  private int headBytes;
  private boolean ended;

  private Request request;
  private Pattern.Check check;
  private long remaining;

  void received(ByteBuffer bytes) {
    input.add(bytes);
  }

  /** A FIN came. */
  void ended() {
    ended = true;
  }

  /** The next step; each must be done before the next is asked for. */
  Step next() {
    while (true) {
      Step step = steps.poll();
      if (step != null) {
        return step;
      }
      if (state == State.OVER) {
        return Step.CLOSE;
      }
      if (!advance()) {
        if (!ended) {
          return Step.READ;
        }
        endOfInput();
      }
    }
  }

  private void endOfInput() {
    // Between requests that is the usual end. Elsewhere the peer has left a message unfinished:
    // there is no answer to that.
    state = State.OVER;
  }

  /** One step on; false: more bytes are needed. */
  private boolean advance() {
    switch (state) {
      case HEAD:
        return headLine();
      case BODY:
        return bodyBytes(State.HEAD);
      case CHUNK_DATA:
        return bodyBytes(State.CHUNK_END);
      case CHUNK_SIZE:
        return chunkSize();
      case CHUNK_END:
        return chunkEnd();
      case TRAILERS:
        return trailer();
      case TUNNEL:
        return echo();
      default:
        int size = input.size();
        input.drop(size);
        return size > 0;
    }
  }

  private boolean headLine() {
    int length = input.line(scanned);
    if (length < 0) {
      scanned = input.size();
      if (headBytes + scanned > HEAD) {
        refuse("HTTP/1.1 431 Request Header Fields Too Large");
        return true;
      }
      return false;
    }
    scanned = 0;
    // A CR before the LF, but at the very beginning, or a server of today would call the line's end
    // ambiguous.
    boolean bare = length < 2 || input.peek(length - 2) != '\r';
    headBytes += length;
    String line = input.takeLine(length);
    if (line.isEmpty() && lines.isEmpty()) {
      return true;
    }
    if (!line.isEmpty()) {
      lines.add(line);
      bareLf |= bare;
      if (lines.size() == 1 && Request.of(lines) == null) {
        refuse("HTTP/1.1 400 Bad Request");
      }
      return true;
    }
    request = Request.of(lines);
    request.ambiguous |= bareLf || bare;
    bareLf = false;
    lines.clear();
    headBytes = 0;
    begin();
    return true;
  }

  private boolean bareLf;

  private void begin() {
    check = new Pattern.Check(request.script.id());
    if (request.ambiguous && !request.script.has("serve")) {
      refuse("HTTP/1.1 400 Bad Request");
      return;
    }
    if (request.method.equals("CONNECT")) {
      // A tunnel to nowhere: what comes goes back.
      boolean granted = request.target.startsWith("tunnel");
      steps.add(
          Step.Write.of(
              Answer.bytes(
                  "HTTP/1.1 "
                      + (granted ? "200 Connected" : "403 Forbidden\r\nContent-Length: 0")
                      + "\r\n\r\n")));
      state = granted ? State.TUNNEL : State.HEAD;
      return;
    }
    if (request.script.has("early")) {
      answer();
      if (state == State.OVER || state == State.DRAIN) {
        return;
      }
    } else if (request.has("expect", "100-continue")) {
      steps.add(Step.Write.of(Answer.bytes("HTTP/1.1 100 Continue\r\n\r\n")));
    }
    if (request.length == Request.CHUNKED) {
      state = State.CHUNK_SIZE;
    } else {
      remaining = request.length;
      state = State.BODY;
    }
  }

  private boolean bodyBytes(State after) {
    int n = (int) Math.min(remaining, input.size());
    input.drop(n, check);
    remaining -= n;
    if (n > 0 && request.script.has("cutrequest")) {
      steps.add(Step.RESET);
      return true;
    }
    if (remaining > 0) {
      return n > 0;
    }
    state = after;
    if (after == State.HEAD) {
      requestRead();
    }
    return true;
  }

  private boolean chunkSize() {
    int length = input.line();
    if (length < 0) {
      return false;
    }
    String line = input.takeLine(length);
    int end = 0;
    while (end < line.length() && Character.digit(line.charAt(end), 16) >= 0) {
      end++;
    }
    if (end == 0) {
      refuse("HTTP/1.1 400 Bad Request");
      return true;
    }
    remaining = Long.parseLong(line.substring(0, end), 16);
    state = remaining == 0 ? State.TRAILERS : State.CHUNK_DATA;
    return true;
  }

  private boolean chunkEnd() {
    int length = input.line();
    if (length < 0) {
      return false;
    }
    input.drop(length);
    state = State.CHUNK_SIZE;
    return true;
  }

  private boolean trailer() {
    int length = input.line();
    if (length < 0) {
      return false;
    }
    if (input.takeLine(length).isEmpty()) {
      state = State.HEAD;
      requestRead();
    }
    return true;
  }

  private void requestRead() {
    if (!request.script.has("early")) {
      answer();
    }
  }

  private void answer() {
    Answer answer = new Answer(request, request.script.has("early") ? "early" : check.result());
    steps.addAll(answer.steps());
    if (answer.upgrades()) {
      state = State.TUNNEL;
    } else if (!answer.persists()) {
      state = answer.lingers() ? State.DRAIN : State.OVER;
    }
  }

  private void refuse(String status) {
    steps.add(
        Step.Write.of(
            Answer.bytes(status + "\r\nConnection: close\r\nContent-Length: 4\r\n\r\nno.\n")));
    steps.add(Step.FIN);
    state = State.DRAIN;
  }

  private boolean echo() {
    if (input.size() == 0) {
      return false;
    }
    steps.add(Step.Write.of(input.take(input.size())));
    return true;
  }
}
