package io.httpaudit.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The other end of handshakes: tls_peer.py, which is Python's ssl, which is OpenSSL. */
final class TlsPeer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Process process;
  private final Command.Collector output;
  private final Command.Collector errors;

  /**
   * @param what {@code serve} or {@code call}
   */
  TlsPeer(String what, Path folder, List<String> cases) {
    this(what, folder, cases, null);
  }

  /**
   * @param keylog where it writes its sessions' secrets down; null: nowhere
   */
  TlsPeer(String what, Path folder, List<String> cases, Path keylog) {
    List<String> words = new ArrayList<>(List.of("python3", script(), what, folder.toString()));
    words.addAll(cases);
    ProcessBuilder builder = new ProcessBuilder(words);
    if (keylog != null) {
      builder.environment().put("TLS_PEER_KEYLOG", keylog.toString());
    }
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    output = new Command.Collector(process.getInputStream());
    errors = new Command.Collector(process.getErrorStream());
  }

  private static String script() {
    try {
      return Path.of(TlsPeer.class.getResource("/tls_peer.py").toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Of one that serves, {@code CASE:PORT} of each. */
  List<String> ports() {
    Jvm.await(() -> output.soFar().contains("ready\n") || !process.isAlive(), 20);
    return output
        .soFar()
        .lines()
        .filter(line -> line.contains(" ") && !line.startsWith("{"))
        .map(line -> line.replace(' ', ':'))
        .toList();
  }

  /** Ends it. What OpenSSL says of each connection, by its {@link #ports(JsonNode) ports}. */
  Map<String, JsonNode> told() {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IllegalStateException("tls_peer.py failed: " + errors.text() + output.soFar());
      }
      Map<String, JsonNode> told = new TreeMap<>();
      for (String line : output.text().lines().filter(l -> l.startsWith("{")).toList()) {
        JsonNode of = JSON.readTree(line);
        told.put(of.get("ports").asText(), of);
      }
      return told;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * The port that called and the one that was called, {@code 50254>443}, of a line's connection.
   */
  static String ports(JsonNode line) {
    boolean client = line.get("side").asText().equals("client");
    String local = port(line.get("local"));
    String peer = port(line.get("peer"));
    return client ? local + ">" + peer : peer + ">" + local;
  }

  private static String port(JsonNode endpoint) {
    String text = endpoint.asText();
    return text.substring(text.lastIndexOf(':') + 1);
  }

  @Override
  public void close() {
    process.destroy();
  }
}
