package io.httpaudit.load;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What is not an ordinary exchange on a connection that lasts. */
enum Shape {
  HTTP_1_0(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.plain().with("size", act.random.nextInt(3000));
      if (act.server.scripted() && act.random.nextBoolean()) {
        script.with("body", "close");
      }
      act.exchange(script, act.get(script).version("HTTP/1.0"));
      act.incoming().end();
    }
  },
  HTTP_1_0_KEEP_ALIVE(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      for (int i = 0; i < 3; i++) {
        Script script = Script.plain(act.id + i).with("size", act.random.nextInt(3000));
        act.exchange(script, act.get(script).version("HTTP/1.0").field("Connection: keep-alive"));
      }
    }
  },
  CLOSE_DELIMITED(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.plain().with("size", act.random.nextInt(50_000)).with("body", "close");
      act.exchange(script, act.get(script));
    }
  },
  CONNECTION_CLOSE(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.plain().with("size", act.random.nextInt(3000));
      act.exchange(script, act.post(script).body(100).field("Connection: close"));
      act.incoming().end();
    }
  },
  BARE_LF(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      Script script = servable(act);
      String head = act.get(script).field("Connection: close").head();
      act.tally.sent();
      act.write(
          act.random.nextBoolean()
              ? head.replace("\r\n", "\n")
              : head.replaceFirst("\r\n(Connection)", "\n$1"));
      // The JDK's server waits for a CR.
      act.wire().shutdownOutput();
      act.servedOrRefused(script);
    }
  },
  BARE_CR(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.quaint().with("serve", 1).with("size", 10);
      act.send(act.get(script).field("X-Odd: one\rtwo").field("Connection: close"));
      act.servedOrRefused(script);
    }
  },
  LENGTH_AND_CHUNKED(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      Script script = servable(act);
      Outgoing request = act.post(script).field("Connection: close");
      if (act.random.nextBoolean()) {
        request.field("Content-Length: 7").chunks(50, false);
      } else {
        request.chunks(50, false).field("Content-Length: 7");
      }
      act.send(request);
      act.servedOrRefused(script);
    }
  },
  TWO_LENGTHS(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      Script script = servable(act);
      act.send(act.post(script).field("Connection: close").body(10).field("Content-Length: 12"));
      // A server that goes by the second would wait for two more bytes.
      act.wire().shutdownOutput();
      act.servedOrRefused(script);
    }
  },
  INVALID_LENGTH(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.quaint();
      String[] lengths = {"ten", "-1", "+3", "0x10", "99999999999999999999", "1 0", "3, 4"};
      String length = lengths[act.random.nextInt(lengths.length)];
      act.send(act.post(script).field("Connection: close").field("Content-Length: " + length));
      act.wire().shutdownOutput();
      act.anything();
    }
  },
  SPACE_BEFORE_COLON(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      Script script = servable(act);
      act.send(
          act.post(script).field("Connection: close").field("Content-Length : 10").bareBody(10));
      act.wire().shutdownOutput();
      act.servedOrRefused(script);
    }
  },
  NOT_CHUNKED_LAST(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.quaint();
      String coding = act.random.nextBoolean() ? "chunked, gzip" : "identity";
      act.send(
          act.post(script)
              .field("Connection: close")
              .field("Transfer-Encoding: " + coding)
              .bareBody(10));
      act.wire().shutdownOutput();
      act.anything();
    }
  },
  LONG_HEAD(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      boolean bounded = act.random.nextBoolean();
      Script script = (bounded ? act.plain() : act.quaint()).with("size", 20);
      Outgoing request = act.get(script);
      for (int i = 0; i < (bounded ? 60 : 70); i++) {
        request.field("X-Pad: " + "p".repeat(1000));
      }
      act.exchange(script, request);
    }
  },
  LONG_ANSWER_HEAD(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      boolean bounded = act.random.nextBoolean();
      Script script =
          (bounded ? act.plain() : act.quaint())
              .with("size", 20)
              .with("headpad", bounded ? 60_000 : 70_000);
      act.exchange(script, act.get(script));
    }
  },
  AMBIGUOUS_ANSWER(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      String[] quirks = {"both", "differing", "lf", "space"};
      String quirk = quirks[act.random.nextInt(quirks.length)];
      Script script = act.quaint().with("size", 100).with("quirk", quirk).with("then", "close");
      if (quirk.equals("both")) {
        script.with("body", "chunked");
      }
      act.send(act.get(script));
      act.incoming().drain();
      Mismatch.check(act.incoming().read() > 100, script + " was not answered");
    }
  },
  NOT_HTTP(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      byte[] bytes = new byte[1 + act.random.nextInt(300)];
      act.random.nextBytes(bytes);
      byte[] hello = Answer.bytes("SSH-2.0-OpenSSH_9.6\r\n");
      switch (act.random.nextInt(4)) {
        case 0:
          bytes = hello;
          break;
        case 1:
          // What a TLS client says first.
          System.arraycopy(new byte[] {22, 3, 1, 2, 0, 1}, 0, bytes = new byte[200], 0, 6);
          break;
        case 2:
          bytes = Answer.bytes("get the thing please\r\n\r\n");
          break;
        default:
          break;
      }
      act.wire().write(bytes);
      act.wire().shutdownOutput();
      act.anything();
    }
  },
  HTTP2_PREFACE(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      act.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0");
      act.wire().shutdownOutput();
      act.anything();
    }
  },
  UPGRADED(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.plain().with("status", 101);
      Outgoing request = act.get(script).field("Connection: Upgrade").field("Upgrade: echo");
      act.tally.sent();
      act.write(request.head());
      Mismatch.equal(act.incoming().reply("GET", act.id).status(), 101, "upgrade");
      act.tally.whole(script);
      echo(act);
    }
  },
  UPGRADE_REFUSED(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.plain().with("size", 50);
      act.exchange(script, act.get(script).field("Connection: Upgrade").field("Upgrade: echo"));
      Script next = Script.plain(act.id + 1).with("size", 60);
      act.exchange(next, act.get(next));
    }
  },
  TUNNEL(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      act.tally.sent();
      act.write("CONNECT tunnel" + act.id + ".test:443 HTTP/1.1\r\nHost: tunnel.test:443\r\n\r\n");
      Mismatch.equal(act.incoming().reply("CONNECT", act.id).status(), 200, "tunnel");
      echo(act);
    }
  },
  TUNNEL_REFUSED(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      act.tally.sent();
      act.write("CONNECT closed" + act.id + ".test:443 HTTP/1.1\r\nHost: closed.test:443\r\n\r\n");
      Mismatch.equal(act.incoming().reply("CONNECT", act.id).status(), 403, "tunnel");
      Script next = Script.plain(act.id + 1).with("size", 60);
      act.exchange(next, act.get(next));
    }
  },
  EARLY_ANSWER(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      // It is answered before its body is there, and the rest of the body is still sent.
      Script script =
          act.quaint().with("status", 413).with("early", 1).with("then", "linger").with("size", 30);
      Outgoing request = act.post(script).body(100_000);
      act.tally.sent();
      act.write(request.head());
      if (act.random.nextBoolean()) {
        act.read(script, request);
      }
      for (ByteBuffer part : request.parts(act.random)) {
        act.wire().write(part);
      }
      act.wire().shutdownOutput();
      act.anything();
    }
  },
  CLIENT_RESETS_REQUEST(Who.RESETTING_CLIENT) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.quaint().with("size", 30);
      byte[] all =
          Body.join(
              Answer.bytes(act.post(script).body(5000).head()),
              List.of(Pattern.view(act.id, 0, 3000)));
      act.tally.sent();
      act.wire().write(ByteBuffer.wrap(all, 0, 1 + act.random.nextInt(all.length - 1)));
      pause(act.random.nextInt(3));
      act.wire().reset();
    }
  },
  CLIENT_RESETS_ANSWER(Who.RESETTING_CLIENT) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.quaint().with("size", 200_000);
      act.send(act.get(script));
      act.incoming().atLeast(1 + act.random.nextInt(100_000));
      act.wire().reset();
    }
  },
  CLIENT_LEAVES(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      // Closed with the answer unread.
      act.send(act.get(act.quaint().with("size", 3000)));
      pause(act.random.nextInt(3));
    }
  },
  CLIENT_ENDS_IN_REQUEST(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      byte[] all =
          Body.join(
              Answer.bytes(act.post(act.quaint()).body(5000).head()),
              List.of(Pattern.view(act.id, 0, 3000)));
      act.tally.sent();
      act.wire().write(ByteBuffer.wrap(all, 0, 1 + act.random.nextInt(all.length - 1)));
      if (act.random.nextBoolean()) {
        act.wire().shutdownOutput();
        act.anything();
      }
    }
  },
  SERVER_RESETS_REQUEST(Who.RESETTING_SERVER) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.quaint().with("cutrequest", 1);
      Outgoing request = act.post(script).body(50_000);
      try {
        act.send(request);
      } catch (IOException e) {
        // It came while the body was written.
        return;
      }
      act.cut(script, request);
    }
  },
  SERVER_RESETS_ANSWER(Who.RESETTING_SERVER) {
    @Override
    void play(Act act) throws IOException {
      Script script =
          act.quaint().with("size", 5000).with("then", "rst").with("at", act.random.nextInt(4000));
      Outgoing request = act.get(script);
      act.send(request);
      act.cut(script, request);
    }
  },
  SERVER_ENDS_IN_ANSWER(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      Script script =
          act.quaint()
              .with("size", 5000)
              .with("then", "close")
              .with("at", act.random.nextInt(4000));
      if (act.random.nextBoolean()) {
        script.with("body", "chunked");
      }
      Outgoing request = act.get(script);
      act.send(request);
      act.cut(script, request);
    }
  },
  CLIENT_HALF_CLOSES(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      Script script =
          act.plain().with("size", act.random.nextInt(50_000)).with("delay", act.random.nextInt(5));
      Outgoing request = act.get(script);
      act.send(request);
      act.wire().shutdownOutput();
      act.read(script, request);
      act.tally.whole(script);
      act.incoming().end();
    }
  },
  SERVER_HALF_CLOSES(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.plain().with("size", act.random.nextInt(50_000)).with("then", "linger");
      act.exchange(script, act.get(script));
      act.incoming().end();
    }
  },
  REFUSED(Who.EVERY_CLIENT) {
    @Override
    void play(Act act) throws IOException {
      try {
        switch (act.client) {
          case URL:
            ((HttpURLConnection)
                    Place.uri(act.place.refusing(act.id), "/").toURL().openConnection())
                .getResponseCode();
            break;
          case HTTP:
            act.http(Place.uri(act.place.refusing(act.id), "/"));
            break;
          default:
            act.client.connect(act.place.refusing(act.id), act.random).close();
        }
      } catch (java.net.ConnectException e) {
        return;
      }
      throw new Mismatch("connected to a port where nobody listens");
    }
  },
  CONNECT_TIMEOUT(Who.EVERY_CLIENT) {
    @Override
    void play(Act act) throws IOException {
      Timeouts.play(act);
    }
  },
  IDLE(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      act.wire();
      pause(act.random.nextInt(3));
      if (act.random.nextBoolean()) {
        act.wire().shutdownOutput();
        act.anything();
      }
    }
  },
  DRIBBLED(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      // A write for each byte of the head, and so the answer.
      if (!act.warmUp()) {
        return;
      }
      Script script = act.plain().with("size", 10).with("cut", "bytes");
      Outgoing request = act.post(script).body(5);
      byte[] all = Body.join(Answer.bytes(request.head()), request.parts(act.random));
      act.tally.sent();
      for (int i = 0; i < all.length; i++) {
        act.wire().write(ByteBuffer.wrap(all, i, 1));
      }
      act.read(script, request);
      act.tally.whole(script);
    }
  },
  /**
   * As {@link #DRIBBLED}, but at once: more than the kernel keeps of a connection that was not
   * accepted.
   */
  SCATTERED(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.quaint().with("size", 10);
      Outgoing request = act.post(script).body(500);
      act.tally.sent();
      Outgoing.odd(
          act.wire(),
          Body.join(Answer.bytes(request.head()), request.parts(act.random)),
          act.random);
      act.read(script, request);
    }
  },
  SPLIT(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      // A head cut once, at each of its places in the course of time.
      for (int i = 0; i < 10; i++) {
        Script script = Script.plain(act.id + i).with("size", 10);
        byte[] head = Answer.bytes(act.get(script).head());
        int cut = 1 + act.random.nextInt(head.length - 1);
        act.tally.sent();
        act.wire().write(ByteBuffer.wrap(head, 0, cut));
        Thread.yield();
        act.wire().write(ByteBuffer.wrap(head, cut, head.length - cut));
        Reply reply = act.read(script, act.get(script));
        act.tally.whole(script);
        if (reply.closes()) {
          return;
        }
      }
    }
  },
  SLOW_READER(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      // More than the window and both buffers take.
      Script script =
          act.plain()
              .with("size", 4_000_000)
              .with("cut", act.random.nextBoolean() ? "file" : "apart");
      Outgoing request = act.get(script);
      act.send(request);
      pause(20);
      act.read(script, request);
      act.tally.whole(script);
    }
  },
  LARGE(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      if (!act.warmUp()) {
        return;
      }
      Script script =
          act.plain()
              .with("size", 1 << 20)
              .with("body", act.random.nextBoolean() ? "length" : "chunked");
      Outgoing request = act.post(script);
      act.exchange(
          script,
          act.random.nextBoolean() ? request.body(1 << 20) : request.chunks(1 << 20, false));
    }
  },
  LARGE_FILE(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.plain().with("size", 1 << 20).with("cut", "file");
      act.exchange(script, act.get(script));
    }
  },
  HUGE(Who.SCRIPTED) {
    @Override
    void play(Act act) throws IOException {
      Script script = act.plain().with("size", 100 << 20);
      act.exchange(script, act.get(script));
    }
  },
  CROWD(Who.ANY) {
    @Override
    void play(Act act) throws IOException {
      // Many connections at once: all are asked before any answer is read.
      List<Act> crowd = new ArrayList<>();
      List<Script> scripts = new ArrayList<>();
      try {
        for (int i = 0; i < 60; i++) {
          crowd.add(act.another(act.id + i));
          scripts.add(crowd.get(i).plain().with("size", act.random.nextInt(500)));
          crowd.get(i).send(crowd.get(i).get(scripts.get(i)));
        }
        for (int i = 0; i < 60; i++) {
          crowd.get(i).read(scripts.get(i), crowd.get(i).get(scripts.get(i)));
          act.tally.whole(scripts.get(i));
        }
      } finally {
        for (Act one : crowd) {
          one.close();
        }
      }
    }
  };

  /** Who can play it. */
  enum Who {
    /** Raw clients and any server. */
    ANY,
    SCRIPTED,
    RESETTING_CLIENT,
    RESETTING_SERVER,
    /** The JDK's clients too; the server does not matter. */
    EVERY_CLIENT;

    boolean suits(ClientKind client, ServerKind server) {
      switch (this) {
        case SCRIPTED:
          return client.raw() && server.scripted();
        case RESETTING_CLIENT:
          return client.canReset();
        case RESETTING_SERVER:
          return client.raw() && server.canReset();
        case EVERY_CLIENT:
          return true;
        default:
          return client.raw();
      }
    }
  }

  private final Who who;

  Shape(Who who) {
    this.who = who;
  }

  /** Once; throws if anything is not as it should be. */
  abstract void play(Act act) throws IOException;

  boolean suits(ClientKind client, ServerKind server) {
    return who.suits(client, server);
  }

  /**
   * Whether the server may end the connection while it is still written to: one that isn't ours
   * takes no care not to.
   */
  boolean mayBreak(ServerKind server) {
    switch (this) {
      case BARE_LF:
      case LENGTH_AND_CHUNKED:
      case TWO_LENGTHS:
      case INVALID_LENGTH:
      case SPACE_BEFORE_COLON:
      case NOT_CHUNKED_LAST:
      case NOT_HTTP:
      case CLIENT_ENDS_IN_REQUEST:
        return !server.scripted();
      default:
        return false;
    }
  }

  /** How often in so many exchanges. */
  int times(int exchanges) {
    switch (this) {
      case HUGE:
        return exchanges >= 2000 ? 1 : 0;
      case LARGE:
      case LARGE_FILE:
      case SLOW_READER:
      case CROWD:
        return 1 + exchanges / 1000;
      case CONNECT_TIMEOUT:
        return Math.min(20, 1 + exchanges / 500);
      default:
        return 1 + exchanges / 300;
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Shape of(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  private static Script servable(Act act) {
    Script script = act.quaint().with("size", 10);
    return act.random.nextBoolean() ? script.with("serve", 1) : script;
  }

  /** Through a tunnel whose other end sends all back. */
  private static void echo(Act act) throws IOException {
    for (int i = 0; i < 3; i++) {
      byte[] bytes = new byte[1 + act.random.nextInt(2000)];
      act.random.nextBytes(bytes);
      if (act.random.nextBoolean()) {
        bytes =
            "GET /inside HTTP/1.1\r\nHost: inside\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
      }
      act.wire().write(bytes);
      Mismatch.check(java.util.Arrays.equals(act.incoming().raw(bytes.length), bytes), "echo");
    }
    act.wire().shutdownOutput();
    act.incoming().end();
  }

  static void pause(int millis) throws IOException {
    JdkServer.pause(millis);
  }
}
