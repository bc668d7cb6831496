package io.httpaudit.load;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/**
 * Connecting to an address from which nothing comes back, with each client's own way to give up.
 */
final class Timeouts {
  private static final int MILLIS = 300;
  private static final int PORT = 80;

  private Timeouts() {}

  static void play(Act act) throws IOException {
    InetSocketAddress address = new InetSocketAddress(act.place.drops().orElseThrow(), PORT);
    try {
      switch (act.client) {
        case URL:
          HttpURLConnection connection =
              (HttpURLConnection) Place.uri(address, "/").toURL().openConnection();
          connection.setConnectTimeout(MILLIS);
          connection.getResponseCode();
          break;
        case HTTP:
          http(address);
          break;
        case SELECTOR:
        case CHANNEL:
          channel(address);
          return;
        default:
          try (Socket socket = new Socket()) {
            socket.connect(address, MILLIS);
          }
      }
    } catch (SocketTimeoutException | HttpConnectTimeoutException e) {
      return;
    }
    throw new Mismatch("connected to " + address);
  }

  private static void http(InetSocketAddress address) throws IOException {
    java.net.http.HttpClient impatient =
        java.net.http.HttpClient.newBuilder().connectTimeout(Duration.ofMillis(MILLIS)).build();
    try {
      impatient.send(
          HttpRequest.newBuilder(Place.uri(address, "/")).build(),
          HttpResponse.BodyHandlers.discarding());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** A channel knows no time limit: it is closed. */
  private static void channel(InetSocketAddress address) throws IOException {
    try (SocketChannel channel = SocketChannel.open()) {
      channel.configureBlocking(false);
      Mismatch.check(!channel.connect(address), "connected to " + address);
      Shape.pause(MILLIS);
      Mismatch.check(!channel.finishConnect(), "connected to " + address);
    }
  }
}
