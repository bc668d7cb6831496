package io.httpaudit.tls;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What both ends of a TLS connection sent, in the order in which it was sent. */
final class Trace {
  /**
   * @param client who sent it
   */
  record Flight(boolean client, byte[] bytes) {}

  private final List<Flight> flights = new ArrayList<>();

  void add(boolean client, byte[] bytes) {
    if (bytes.length > 0) {
      flights.add(new Flight(client, bytes));
    }
  }

  List<Flight> flights() {
    return flights;
  }

  byte[] stream(boolean client) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (Flight flight : flights) {
      if (flight.client() == client) {
        all.writeBytes(flight.bytes());
      }
    }
    return all.toByteArray();
  }

  /** Bodies' lengths and types of one direction's records, framed by a few lines of our own. */
  List<int[]> records(boolean client) {
    byte[] bytes = stream(client);
    List<int[]> records = new ArrayList<>();
    for (int at = 0; at + 5 <= bytes.length; ) {
      int length = (bytes[at + 3] & 0xFF) << 8 | bytes[at + 4] & 0xFF;
      records.add(new int[] {bytes[at], length});
      at += 5 + length;
    }
    return records;
  }

  /** How it is passed to the scanners. */
  enum Order {
    /** As it was sent. */
    SENT,
    /** Each direction as its thread comes to it. */
    CLIENT_FIRST,
    SERVER_FIRST,
    MIXED
  }

  /** Passed in one piece a flight, in order. */
  Reading read() {
    Reading reading = new Reading();
    for (Flight flight : flights) {
      reading.pass(flight.client(), flight.bytes(), null);
    }
    return reading;
  }

  /** Cut at random places, skipped where that is allowed. */
  Reading read(Order order, Random random) {
    Reading reading = new Reading();
    switch (order) {
      case SENT -> {
        for (Flight flight : flights) {
          reading.pass(flight.client(), flight.bytes(), random);
        }
      }
      case CLIENT_FIRST, SERVER_FIRST -> {
        boolean first = order == Order.CLIENT_FIRST;
        reading.pass(first, stream(first), random);
        reading.pass(!first, stream(!first), random);
      }
      case MIXED -> {
        byte[] client = stream(true);
        byte[] server = stream(false);
        int c = 0;
        int s = 0;
        while (c < client.length || s < server.length) {
          if (s == server.length || c < client.length && random.nextBoolean()) {
            int n = 1 + random.nextInt(client.length - c);
            reading.passPieces(true, client, c, c + n, random);
            c += n;
          } else {
            int n = 1 + random.nextInt(server.length - s);
            reading.passPieces(false, server, s, s + n, random);
            s += n;
          }
        }
      }
    }
    return reading;
  }
}
