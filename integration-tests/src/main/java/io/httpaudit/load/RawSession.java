package io.httpaudit.load;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;

/** A raw client's connection with ordinary exchanges, one behind the other or pipelined. */
final class RawSession implements AutoCloseable {
  /** Status codes of answers that have a body. */
  private static final int[] STATUSES = {
    200, 200, 201, 202, 400, 401, 403, 404, 409, 429, 500, 503
  };

  private final ServerKind server;
  private final Random random;
  private final Tally tally;
  private final String authority;
  private final Wire wire;
  private final Incoming incoming;
  private boolean first = true;

  RawSession(
      ClientKind client, ServerKind server, InetSocketAddress address, Random random, Tally tally)
      throws IOException {
    this.server = server;
    this.random = random;
    this.tally = tally;
    authority = Place.authority(address);
    wire = client.connect(address, random);
    incoming = new Incoming(wire, random.nextInt(4) == 0 ? 700 + random.nextInt(2) : 16 * 1024);
  }

  /** An exchange; false: the server has ended the connection. */
  boolean exchange(int id) throws IOException {
    Script script = Script.plain(id).with("size", size());
    Outgoing request = request(script);
    tally.sent();
    if (request.head().contains("100-continue")) {
      awaitContinue(request);
    } else {
      if (request.method().equals("GET") && server.scripted() && random.nextInt(30) == 0) {
        // RFC 9112 §2.2: an empty line before a request is to be passed over.
        wire.write(Answer.bytes("\r\n"));
      }
      if (first) {
        request.sendFirst(wire, random);
      } else {
        request.send(wire, random);
      }
    }
    first = false;
    Reply reply = incoming.reply(request.method(), id);
    reply.check(script, request, server);
    tally.whole(script);
    return !reply.closes();
  }

  /**
   * Several requests at once, then their answers; false: the server has ended the connection before
   * the last.
   */
  boolean pipeline(int firstId, int count) throws IOException {
    tally.shape("pipelined");
    List<Script> scripts = new ArrayList<>();
    List<Outgoing> requests = new ArrayList<>();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      Script script = Script.plain(firstId + i).with("size", random.nextInt(500));
      Outgoing request = plain(script);
      scripts.add(script);
      requests.add(request);
      all.writeBytes(Body.join(Answer.bytes(request.head()), request.parts(random)));
      tally.sent();
    }
    if (first || random.nextBoolean()) {
      wire.write(all.toByteArray());
    } else {
      Outgoing.odd(wire, all.toByteArray(), random);
    }
    for (int i = 0; i < count; i++) {
      Reply reply = incoming.reply(requests.get(i).method(), scripts.get(i).id());
      reply.check(scripts.get(i), requests.get(i), server);
      tally.whole(scripts.get(i));
      if (reply.closes()) {
        return false;
      }
    }
    return true;
  }

  /**
   * Requests written by a thread of their own, one behind the other, while this one reads the
   * answers.
   */
  boolean duplex(int firstId, int count) throws IOException {
    if (!exchange(firstId)) {
      return false;
    }
    tally.shape("duplex");
    List<Script> scripts = new ArrayList<>();
    List<Outgoing> requests = new ArrayList<>();
    for (int i = 1; i < count; i++) {
      scripts.add(Script.plain(firstId + i).with("size", size()));
      requests.add(plain(scripts.get(i - 1)));
    }
    long seed = random.nextLong();
    AtomicReference<IOException> failure = new AtomicReference<>();
    Thread writer =
        Threads.daemons("duplex-writer")
            .newThread(
                () -> {
                  Random own = new Random(seed);
                  try {
                    for (Outgoing request : requests) {
                      tally.sent();
                      request.send(wire, own);
                    }
                  } catch (IOException e) {
                    failure.set(e);
                  }
                });
    writer.start();
    for (int i = 0; i < requests.size(); i++) {
      Reply reply = incoming.reply(requests.get(i).method(), scripts.get(i).id());
      reply.check(scripts.get(i), requests.get(i), server);
      tally.whole(scripts.get(i));
    }
    try {
      writer.join();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    if (failure.get() != null) {
      throw failure.get();
    }
    return true;
  }

  private int size() {
    int range = random.nextInt(20);
    return random.nextInt(range == 0 ? 60_000 : range < 4 ? 5_000 : 600);
  }

  private Outgoing plain(Script script) {
    switch (random.nextInt(4)) {
      case 0:
        return Outgoing.of("POST", script, authority).body(random.nextInt(300));
      case 1:
        return Outgoing.of("POST", script, authority).chunks(random.nextInt(300), false);
      case 2:
        return Outgoing.of("HEAD", script, authority);
      default:
        return Outgoing.of("GET", script, authority);
    }
  }

  private Outgoing request(Script script) {
    int form = random.nextInt(100);
    if (form < 30) {
      return Outgoing.of("GET", script, authority).field("User-Agent: load").field("Accept: */*");
    } else if (form < 44) {
      return Outgoing.of("POST", script, authority).body(size());
    } else if (form < 51) {
      return Outgoing.of("POST", script, authority).chunks(size(), server.scripted() && form < 48);
    } else if (form < 60) {
      return Outgoing.of("GET", script.with("body", "chunked"), authority);
    } else if (form < 64) {
      return Outgoing.of("HEAD", script, authority);
    } else if (form < 69) {
      script.with("status", STATUSES[random.nextInt(STATUSES.length)]);
      return Outgoing.of(random.nextBoolean() ? "PUT" : "DELETE", script, authority).body(0);
    } else if (form < 73) {
      script.with("status", random.nextBoolean() ? 204 : 304).with("size", 0);
      return Outgoing.of("GET", script, authority);
    } else if (form < 75) {
      return Outgoing.of("POST", script, authority).body(size()).field("Expect: 100-continue");
    } else if (form < 78) {
      return new Outgoing("GET", "http://" + authority + script.path(), script.id())
          .field("Host: " + authority);
    } else if (form < 82) {
      return Outgoing.of("GET", script.with("cut", "file"), authority);
    } else if (form < 83) {
      return Outgoing.of("GET", script.with("delay", 1 + random.nextInt(5)), authority);
    } else if (server.scripted()) {
      return scripted(script, form);
    }
    return Outgoing.of("OPTIONS", script, authority).body(random.nextInt(10));
  }

  /** What only our own servers do. */
  private Outgoing scripted(Script script, int form) {
    if (form < 86) {
      script.with("interim", random.nextBoolean() ? "103" : "100+103+102");
      if (random.nextBoolean()) {
        script.with("join", 1);
      }
    } else if (form < 90) {
      script.with("body", "chunked").with("ext", 1).with("trail", 1).with("cut", cut());
    } else if (form < 94) {
      script.with("cut", cut());
    } else if (form < 95) {
      script.with("quirk", "fold");
      return Outgoing.of("GET", script, authority).field("X-Folded: one\r\n two\r\n\t three");
    } else if (form < 96) {
      int size = 1 + random.nextInt(100);
      script.with("quirk", "repeated");
      return Outgoing.of("POST", script, authority).field("Content-Length: " + size).body(size);
    } else if (form < 97) {
      script.with("early", 1);
      return Outgoing.of("POST", script, authority).body(20_000);
    } else if (form < 98) {
      script.with("gap", 1 + random.nextInt(4));
    } else {
      return Outgoing.of("PUT", script.with("body", "chunked"), authority).chunks(size(), true);
    }
    return Outgoing.of("GET", script, authority);
  }

  private String cut() {
    String[] cuts = {"whole", "apart", "odd", "gather"};
    return cuts[random.nextInt(cuts.length)];
  }

  private void awaitContinue(Outgoing request) throws IOException {
    wire.write(Answer.bytes(request.head()));
    Reply interim = incoming.head(request.method(), 0, List.of());
    Mismatch.equal(interim.status(), 100, "answer to Expect");
    for (java.nio.ByteBuffer part : request.parts(random)) {
      wire.write(part);
    }
  }

  @Override
  public void close() throws IOException {
    wire.close();
  }
}
