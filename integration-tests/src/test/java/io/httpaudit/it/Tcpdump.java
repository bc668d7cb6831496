package io.httpaudit.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A packet capture of one interface, headers and all, with nanosecond times, from the moment that
 * the constructor returns. On loopback one copy of each packet, as it arrives.
 */
public final class Tcpdump implements AutoCloseable {
  private final Process process;
  private final Command.Collector errors;
  private final Path file;

  /**
   * @param host null: the namespace of the tests
   * @param filter pcap-filter(7)
   */
  public Tcpdump(Namespaces.Host host, String interfaceName, String filter, Path file) {
    this.file = file;
    List<String> command = new ArrayList<>();
    if (host != null) {
      command.addAll(List.of("ip", "netns", "exec", host.name()));
    }
    command.addAll(
        List.of(
            "tcpdump",
            "-i",
            interfaceName,
            "-w",
            file.toString(),
            "-U",
            "-n",
            "-Z",
            "root",
            "-B",
            "262144",
            "-s",
            "0"));
    command.add("--time-stamp-precision=nano");
    if (interfaceName.equals("lo")) {
      command.addAll(List.of("-Q", "in"));
    }
    command.add(filter);
    try {
      process = new ProcessBuilder(command).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    errors = new Command.Collector(process.getErrorStream());
    Jvm.await(() -> errors.soFar().contains("listening on"), 60);
  }

  public Path file() {
    return file;
  }

  /** Ends it, once what was captured is written; fails if the kernel dropped a packet. */
  public void stop() {
    try {
      // What is still in the kernel's ring is passed on within a second.
      Thread.sleep(1_200);
      // Not the process itself: that would close the stream on which it says what it dropped.
      process.toHandle().destroy();
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException("tcpdump did not end");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    if (!errors.text().contains("\n0 packets dropped by kernel")) {
      throw new IllegalStateException("the oracle itself lost packets: " + errors.text());
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
