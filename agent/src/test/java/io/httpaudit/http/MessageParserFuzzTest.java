package io.httpaudit.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;

/**
 * What no example thinks of: the parser says what {@link ReferenceParser} says, however the bytes
 * are cut, and never throws.
 */
class MessageParserFuzzTest {
  private static final String[] REQUESTS = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /p?q HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\n\r\nabc",
    "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n1\r\nc\r\n0\r\nT: v\r\n\r\n",
    "HEAD /h HTTP/1.1\r\n\r\n",
    "GET /o HTTP/1.0\r\n\r\n",
    "CONNECT a:1 HTTP/1.1\r\n\r\n",
    "GET /u HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
    "GET /t HTTP/1.1\r\ntraceparent: t\r\ntracestate: a=1\r\nbaggage: b\r\ntracestate: c=2\r\n\r\n",
    "GET /b HTTP/1.1\r\nb3: 0\r\nX-B3-SpanId: s\r\nX-B3-TraceId: t\r\nuber-trace-id: u\r\n\r\n",
  };
  private static final String[] RESPONSES = {
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.0 200 OK\r\n\r\nto the end",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n",
  };
  private static final String[] PIECES = {
    "\r\n",
    "\r",
    "\n",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "\"",
    "\\",
    "\0",
    "\u00ff",
    "0",
    "1",
    "5",
    "a",
    "f",
    "GET",
    "HEAD",
    "head",
    "CONNECT",
    " / ",
    "HTTP/1.1",
    "HTTP/1.0",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: ",
    "content-length:2, 2\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: ",
    "gzip, chunked",
    "chunked",
    "identity",
    "Host: x\r\n",
    "Host",
    "Upgrade: y\r\n",
    "X: y\r\n z\r\n",
    "\r\n ",
    "0\r\n\r\n",
    "3\r\nabc\r\n",
    "T: v\r\n",
    "traceparent: t\r\n",
    "tracestate: a=1\r\n",
    "tracestate:\tb=2 \r\n",
    "Tracestate:\r\n",
    "baggage: k=v\r\n",
    "b3: 1-2\r\n",
    "b: no\r\n",
    "X-B3-TraceId: t\r\n",
    "x-b3-spanid: s\r\n",
    "x-b3-sampled: 1\r\n",
    "x-b3-flags: 1\r\n",
    "X-B3-ParentSpanId: p\r\n",
    "uber-trace-id: u\r\n",
    "up: no\r\n",
    "trace",
    "\r\n\r\n",
    "100",
    "101",
    "200",
    "999999999999999999999",
    "ffffffffffffffff",
  };

  private static void agree(String requests, String responses, boolean orderly, Random cuts) {
    Talk talk = new Talk().request(requests).response(responses);
    talk = orderly ? talk.requestsEnd().responsesEnd() : talk.reset();
    Talk.Told expected = ReferenceParser.told(requests, responses, orderly);
    int longest = Math.max(2, Math.max(requests.length(), responses.length()));
    for (int cut :
        new int[] {Integer.MAX_VALUE, 0, 1 + cuts.nextInt(longest), 1 + cuts.nextInt(longest)}) {
      for (boolean client : new boolean[] {true, false}) {
        assertThat(talk.once(client, cut))
            .describedAs(
                "cut %s, client %s, requests %s, responses %s",
                cut, client, shown(requests), shown(responses))
            .isEqualTo(expected);
      }
    }
  }

  private static String shown(String text) {
    return text.replace("\\", "\\\\")
        .replace("\r", "\\r")
        .replace("\n", "\\n")
        .replace("\0", "\\0");
  }

  @Property(tries = 3000, shrinking = ShrinkingMode.BOUNDED)
  void whateverHttpsPiecesMake(
      @ForAll("requestPieces") List<String> requests,
      @ForAll("responsePieces") List<String> responses,
      @ForAll boolean orderly) {
    String asked = String.join("", requests);
    agree(asked, String.join("", responses), orderly, new Random(asked.hashCode()));
  }

  @Provide
  Arbitrary<List<String>> requestPieces() {
    return Arbitraries.oneOf(
            Arbitraries.of(REQUESTS), Arbitraries.of(REQUESTS), Arbitraries.of(PIECES))
        .list()
        .ofMaxSize(6);
  }

  @Provide
  Arbitrary<List<String>> responsePieces() {
    return Arbitraries.oneOf(
            Arbitraries.of(RESPONSES), Arbitraries.of(RESPONSES), Arbitraries.of(PIECES))
        .list()
        .ofMaxSize(6);
  }

  @Test
  void validMessagesMutated() {
    for (long seed = 0; seed < 30_000; seed++) {
      Random random = new Random(seed);
      String requests = mutate(random, REQUESTS);
      String responses = mutate(random, RESPONSES);
      boolean orderly = random.nextBoolean();
      try {
        agree(requests, responses, orderly, random);
      } catch (RuntimeException e) {
        throw new AssertionError(
            "seed " + seed + ": " + shown(requests) + " | " + shown(responses), e);
      }
    }
  }

  private static String mutate(Random random, String[] messages) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(4); i >= 0; i--) {
      text.append(messages[random.nextInt(messages.length)]);
    }
    for (int i = random.nextInt(4); i > 0; i--) {
      int at = random.nextInt(text.length());
      switch (random.nextInt(5)) {
        case 0 -> text.setCharAt(at, (char) random.nextInt(256));
        case 1 -> text.deleteCharAt(at);
        case 2 -> text.insert(at, PIECES[random.nextInt(PIECES.length)]);
        case 3 -> text.setLength(Math.max(1, at));
        default -> {
          int to = Math.min(text.length(), at + 1 + random.nextInt(20));
          text.insert(random.nextInt(text.length()), text.substring(at, to));
        }
      }
      if (text.length() == 0) {
        break;
      }
    }
    return text.toString();
  }

  @Test
  void bytesOfAnyKind() {
    for (long seed = 0; seed < 10_000; seed++) {
      Random random = new Random(seed);
      byte[] noise = new byte[random.nextInt(60)];
      random.nextBytes(noise);
      String text = new String(noise, StandardCharsets.ISO_8859_1);
      agree(
          random.nextBoolean() ? text : REQUESTS[0] + text,
          RESPONSES[random.nextInt(3)] + text,
          true,
          random);
    }
  }
}
