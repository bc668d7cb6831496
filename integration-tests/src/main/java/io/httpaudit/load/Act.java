package io.httpaudit.load;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Random;

/** One performance of a {@link Shape}: a client and a server, and a connection of its own. */
final class Act implements AutoCloseable {
  final ClientKind client;
  final ServerKind server;
  final InetSocketAddress address;
  final Place place;
  final Tally tally;
  final Random random;
  private final JdkClients jdk;
  private final int addressIndex;

  /** This one, and 62 more, are the act's own. */
  final int id;

  final String authority;
  private Wire wire;
  private Incoming incoming;

  Act(
      ClientKind client,
      ServerKind server,
      int address,
      Place place,
      JdkClients jdk,
      Tally tally,
      Random random,
      int id) {
    this.jdk = jdk;
    addressIndex = address;
    this.client = client;
    this.server = server;
    this.address = place.address(server, address);
    this.place = place;
    this.tally = tally;
    this.random = random;
    this.id = id;
    authority = Place.authority(this.address);
  }

  /** The same client and server, and another connection. */
  Act another(int id) {
    return new Act(client, server, addressIndex, place, jdk, tally, random, id);
  }

  /** By java.net.http. */
  void http(URI uri) throws IOException {
    try {
      jdk.client()
          .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  Wire wire() throws IOException {
    if (wire == null) {
      wire = client.connect(address, random);
      incoming = new Incoming(wire, 16 * 1024);
    }
    return wire;
  }

  Incoming incoming() throws IOException {
    wire();
    return incoming;
  }

  Script plain() {
    return Script.plain(id);
  }

  Script quaint() {
    return Script.quaint(id);
  }

  Outgoing get(Script script) {
    return Outgoing.of("GET", script, authority);
  }

  Outgoing post(Script script) {
    return Outgoing.of("POST", script, authority);
  }

  void send(Outgoing request) throws IOException {
    tally.sent();
    if (wire == null) {
      request.sendFirst(wire(), random);
    } else {
      request.send(wire(), random);
    }
  }

  void write(String text) throws IOException {
    wire().write(Answer.bytes(text));
  }

  /** The answer, which must be as scripted. */
  Reply read(Script script, Outgoing request) throws IOException {
    Reply reply = incoming().reply(request.method(), script.id());
    reply.check(script, request, server);
    return reply;
  }

  /** One whole exchange. */
  void exchange(Script script, Outgoing request) throws IOException {
    send(request);
    read(script, request);
    tally.whole(script);
  }

  /**
   * An ordinary one before what is to be shown: the server has accepted the connection then. False:
   * it has ended it, too.
   */
  boolean warmUp() throws IOException {
    Script script = Script.plain(id + 60).with("size", 100);
    Outgoing request = get(script);
    send(request);
    Reply reply = read(script, request);
    tally.whole(script);
    return !reply.closes();
  }

  /**
   * An answer of whatever kind, or none, up to the connection's end: what a server of another's
   * making does is its own.
   */
  void anything() throws IOException {
    incoming().drain();
  }

  /**
   * Refused with a status of 4xx and the connection's end, or, where the script asks for it,
   * served.
   */
  void servedOrRefused(Script script) throws IOException {
    if (!server.scripted()) {
      anything();
      return;
    }
    int status = incoming().reply("GET", id).status();
    Mismatch.equal(status, script.has("serve") ? 200 : 400, script + " by " + server);
    incoming().drain();
  }

  /** The answer must be cut: by a reset, or by a FIN in the middle. */
  void cut(Script script, Outgoing request) throws IOException {
    try {
      incoming().reply(request.method(), id);
    } catch (EOFException e) {
      return;
    } catch (IOException e) {
      // A reset.
      return;
    }
    throw new Mismatch(script + " was answered whole");
  }

  @Override
  public void close() throws IOException {
    if (wire != null) {
      wire.close();
    }
  }
}
