package io.httpaudit.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * A real Jaeger of the test's own, in memory, on free ports of loopback: version 2, by the command
 * in the variable {@code JAEGER}, else {@code jaeger} on the PATH, else what lies beside the
 * checkout.
 */
public final class Jaeger implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path BESIDE = Path.of("../../shared/jaeger/start");
  private static final List<String> PORTS =
      List.of("OTLP_GRPC", "OTLP_HTTP", "QUERY_GRPC", "QUERY_HTTP");

  private static final String CONFIG =
      """
      service:
        extensions: [jaeger_storage, jaeger_query]
        pipelines:
          traces: {receivers: [otlp], exporters: [jaeger_storage_exporter]}
        telemetry:
          metrics: {level: none}
      extensions:
        jaeger_storage:
          backends: {memory: {memory: {max_traces: 100000}}}
        jaeger_query:
          storage: {traces: memory}
          http: {endpoint: "127.0.0.1:${env:QUERY_HTTP}"}
          grpc: {endpoint: "127.0.0.1:${env:QUERY_GRPC}"}
      receivers:
        otlp:
          protocols:
            http: {endpoint: "127.0.0.1:${env:OTLP_HTTP}"}
      exporters: {jaeger_storage_exporter: {trace_storage: memory}}
      """;

  private final HttpClient client = HttpClient.newHttpClient();
  private final Map<String, Integer> ports;
  private final Process process;
  private final Command.Collector output;

  private Jaeger(String command, Path folder) throws IOException {
    ports = freePorts();
    Path config = Files.writeString(folder.resolve("jaeger.yaml"), CONFIG);
    ProcessBuilder builder =
        new ProcessBuilder(command, "--config", config.toString()).redirectErrorStream(true);
    ports.forEach((name, port) -> builder.environment().put(name, port.toString()));
    process = builder.start();
    output = new Command.Collector(process.getInputStream());
    try {
      Jvm.await(this::answers, 60);
    } catch (IllegalStateException e) {
      close();
      throw new IllegalStateException(command + " does not answer: " + output.soFar(), e);
    }
  }

  /** Skips the test, where there is none. */
  public static Jaeger start(Path folder) {
    Optional<String> command = command();
    Assumptions.assumeTrue(
        command.isPresent(),
        "needs Jaeger 2: its program in the variable JAEGER, or as 'jaeger' on the PATH");
    try {
      return new Jaeger(command.get(), folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Takes ports from its environment, and an option {@code --config}. */
  static Optional<String> command() {
    if (System.getenv("JAEGER") != null) {
      return Optional.of(System.getenv("JAEGER"));
    }
    if (Command.exists("jaeger")) {
      return Optional.of("jaeger");
    }
    return Files.isExecutable(BESIDE)
        ? Optional.of(BESIDE.toAbsolutePath().normalize().toString())
        : Optional.empty();
  }

  /** Free at this moment, all at once. */
  private static Map<String, Integer> freePorts() throws IOException {
    Map<String, Integer> ports = new java.util.HashMap<>();
    List<ServerSocket> held = new ArrayList<>();
    for (String name : PORTS) {
      ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      held.add(socket);
      ports.put(name, socket.getLocalPort());
    }
    for (ServerSocket socket : held) {
      socket.close();
    }
    return ports;
  }

  private boolean answers() {
    try {
      get("/api/services");
      return true;
    } catch (UncheckedIOException e) {
      if (!process.isAlive()) {
        throw new IllegalStateException("ended");
      }
      return false;
    }
  }

  /** For OTLP over HTTP. */
  public String endpoint() {
    return "http://127.0.0.1:" + ports.get("OTLP_HTTP");
  }

  /** Its user interface. */
  public String ui() {
    return "http://127.0.0.1:" + ports.get("QUERY_HTTP");
  }

  /** What the query API says. */
  public JsonNode get(String path) {
    try {
      URI uri = URI.create(ui() + path);
      HttpResponse<String> response =
          client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new IOException(
            path + " is answered with " + response.statusCode() + ": " + response.body());
      }
      return JSON.readTree(response.body()).get("data");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * All spans of a service, once it has so many; fails with those that are there if they stay
   * fewer.
   */
  public List<JsonNode> spans(String service, int count) {
    List<JsonNode> spans = new ArrayList<>();
    try {
      Jvm.await(
          () -> {
            spans.clear();
            get("/api/traces?limit=100000&service=" + service)
                .forEach(trace -> trace.get("spans").forEach(spans::add));
            return spans.size() >= count;
          },
          15);
    } catch (IllegalStateException e) {
      throw new AssertionError(spans.size() + " spans, not " + count + ": " + spans, e);
    }
    return spans;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, java.util.concurrent.TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
    }
  }
}
