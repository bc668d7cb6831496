package io.httpaudit.capture;

import io.httpaudit.flow.Packet;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** A capture on a thread of its own, as in the agent, that keeps what it is handed. */
final class AuditThread implements AutoCloseable {
  final Capture capture;
  private final ConcurrentLinkedQueue<Runnable> calls = new ConcurrentLinkedQueue<>();
  private final List<Packet> packets = new ArrayList<>();
  private final Thread thread;
  private volatile boolean stop;

  AuditThread(String... interfaces) {
    capture = new Capture(Set.of(interfaces), false);
    thread = new Thread(this::run, "audit");
    thread.start();
    capture.awaitStarted(TimeUnit.SECONDS.toNanos(10));
  }

  private void run() {
    capture.start();
    while (!stop) {
      capture.poll(20, packet -> packets.add(copy(packet)));
      // Those that are there by now: what is asked after an answer is answered after another look
      // at the ring.
      for (int due = calls.size(); due > 0; due--) {
        calls.remove().run();
      }
    }
    capture.close();
  }

  private static Packet copy(Packet packet) {
    Packet copy = new Packet();
    copy.time = packet.time;
    copy.flow = packet.flow;
    copy.seq = packet.seq;
    copy.ack = packet.ack;
    copy.payload = packet.payload;
    copy.lost = packet.lost;
    copy.ifindex = packet.ifindex;
    copy.window = packet.window;
    copy.gsoSize = packet.gsoSize;
    copy.gsoSegs = packet.gsoSegs;
    copy.flags = packet.flags;
    copy.direction = packet.direction;
    return copy;
  }

  /** Calls on the audit thread. */
  <T> T ask(Callable<T> call) throws Exception {
    CompletableFuture<T> answer = new CompletableFuture<>();
    calls.add(
        () -> {
          try {
            answer.complete(call.call());
          } catch (Throwable e) {
            answer.completeExceptionally(e);
          }
        });
    capture.wake();
    return answer.get(10, TimeUnit.SECONDS);
  }

  /** All packets that have come by the ring by now. */
  List<Packet> packets() throws Exception {
    // Once around, so that the ring is read after this call.
    ask(() -> null);
    return ask(() -> new ArrayList<>(packets));
  }

  @Override
  public void close() {
    stop = true;
    capture.wake();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
