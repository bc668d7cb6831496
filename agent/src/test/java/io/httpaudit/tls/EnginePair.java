package io.httpaudit.tls;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

/** Two engines of the JDK that talk to each other in memory; what they say is recorded. */
final class EnginePair {
  final SSLEngine client;
  final SSLEngine server;

  /** Up to the first application data. */
  final Trace trace = new Trace();

  /** Why it failed, as the client says, or the server; null: it doesn't. */
  SSLException clientSays;

  SSLException serverSays;

  private ByteBuffer toServer = ByteBuffer.allocate(0);
  private ByteBuffer toClient = ByteBuffer.allocate(0);

  EnginePair(SSLContext ofClient, SSLContext ofServer, String host) {
    client = ofClient.createSSLEngine(host, 443);
    server = ofServer.createSSLEngine();
    client.setUseClientMode(true);
    server.setUseClientMode(false);
  }

  EnginePair versions(String... names) {
    client.setEnabledProtocols(names);
    server.setEnabledProtocols(names);
    return this;
  }

  EnginePair protocols(String... names) {
    for (SSLEngine engine : new SSLEngine[] {client, server}) {
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setApplicationProtocols(names);
      engine.setSSLParameters(parameters);
    }
    return this;
  }

  EnginePair handshake() {
    try {
      client.beginHandshake();
      server.beginHandshake();
    } catch (SSLException e) {
      fails(true, e);
      return this;
    }
    boolean moved;
    do {
      moved = step(true);
      moved |= step(false);
    } while (moved);
    return this;
  }

  /** A request and its answer, which also brings the client the server's tickets. */
  EnginePair exchange() {
    Trace behind = new Trace();
    say(client, "GET / HTTP/1.1\r\n\r\n", true, behind);
    say(server, "HTTP/1.1 204 No Content\r\n\r\n", false, behind);
    return this;
  }

  private void say(SSLEngine engine, String text, boolean ofClient, Trace behind) {
    ByteBuffer out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    try {
      engine.wrap(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), out);
    } catch (SSLException e) {
      throw new IllegalStateException(e);
    }
    byte[] bytes = new byte[out.flip().remaining()];
    out.get(bytes);
    behind.add(ofClient, bytes);
    deliver(ofClient, bytes);
    step(!ofClient);
  }

  private void deliver(boolean ofClient, byte[] bytes) {
    ByteBuffer old = ofClient ? toServer : toClient;
    ByteBuffer joined = ByteBuffer.allocate(old.remaining() + bytes.length).put(old).put(bytes);
    joined.flip();
    if (ofClient) {
      toServer = joined;
    } else {
      toClient = joined;
    }
  }

  private void fails(boolean ofClient, SSLException why) {
    if (ofClient && clientSays == null) {
      clientSays = why;
    } else if (!ofClient && serverSays == null) {
      serverSays = why;
    }
  }

  /** One end does all that it can. Whether anything moved. */
  private boolean step(boolean ofClient) {
    SSLEngine engine = ofClient ? client : server;
    ByteBuffer in = ofClient ? toClient : toServer;
    ByteBuffer out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    ByteBuffer plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
    ByteArrayOutputStream flight = new ByteArrayOutputStream();
    boolean moved = false;
    boolean more = true;
    while (more) {
      more = false;
      try {
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
          engine.getDelegatedTask().run();
          more = true;
        }
        if (in.hasRemaining() && !engine.isInboundDone()) {
          SSLEngineResult result = engine.unwrap(in, plain.clear());
          more |= result.bytesConsumed() > 0;
        }
      } catch (SSLException e) {
        fails(ofClient, e);
      }
      try {
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
          SSLEngineResult result = engine.wrap(ByteBuffer.allocate(0), out.clear());
          flight.write(out.array(), 0, out.position());
          more |= result.bytesProduced() > 0;
          if (result.bytesProduced() == 0) {
            break;
          }
        }
      } catch (SSLException e) {
        // Told once; then it has an alert to send.
        fails(ofClient, e);
        more = true;
      }
      moved |= more;
    }
    if (flight.size() > 0) {
      trace.add(ofClient, flight.toByteArray());
      deliver(ofClient, flight.toByteArray());
    }
    return moved;
  }
}
