package io.httpaudit.it;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A program of src/main in a JVM of its own, by default under the agent, as a user would start it.
 */
public final class Jvm implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A full run's programs have more to do. */
  private static final int MINUTES = 10 + Integer.getInteger("volume", 1);

  private final Process process;
  private final Command.Collector output;
  private final Command.Collector errors;
  private final Path log;

  private Jvm(Process process, Path log) {
    this.process = process;
    this.log = log;
    output = new Command.Collector(process.getInputStream());
    errors = new Command.Collector(process.getErrorStream());
  }

  /** How to start it. */
  public static final class Setup {
    private final List<String> prefix = new ArrayList<>();
    private final List<String> before = new ArrayList<>();
    private final List<String> options = new ArrayList<>();
    private final List<String> arguments = new ArrayList<>();
    private final Map<String, String> variables = new HashMap<>();
    private final Map<String, String> settings = new java.util.LinkedHashMap<>();
    private final String main;
    private Jdk jdk = Jdk.current();
    private boolean agent = true;
    private Path log;

    private Setup(String main) {
      this.main = main;
      // No collector: spans are another test's.
      variables.put("OTEL_TRACES_EXPORTER", "none");
    }

    public Setup jdk(Jdk jdk) {
      this.jdk = jdk;
      return this;
    }

    Jdk jdk() {
      return jdk;
    }

    public Setup withoutAgent() {
      agent = false;
      return this;
    }

    Setup withAgent() {
      agent = true;
      return this;
    }

    /** A setting of the agent's argument. */
    public Setup set(String key, String value) {
      settings.put(key, value);
      return this;
    }

    /** An audit log, read by {@link Jvm#lines}. */
    public Setup log(Path file) {
      log = file;
      return set("log", file.toString());
    }

    public Setup variable(String name, String value) {
      variables.put(name, value);
      return this;
    }

    /** Options of {@code java} that stand before our own. */
    public Setup optionsBefore(String... words) {
      before.addAll(List.of(words));
      return this;
    }

    /** Options of {@code java}. */
    public Setup options(String... words) {
      options.addAll(List.of(words));
      return this;
    }

    public Setup arguments(Object... words) {
      for (Object word : words) {
        arguments.add(String.valueOf(word));
      }
      return this;
    }

    /** In a network namespace. */
    public Setup in(Namespaces.Host host) {
      prefix.addAll(List.of("ip", "netns", "exec", host.name()));
      return this;
    }

    /** Before {@code java}: {@code setpriv …}, for example. */
    public Setup prefix(String... words) {
      prefix.addAll(List.of(words));
      return this;
    }

    public Jvm start() {
      List<String> command = new ArrayList<>(prefix);
      command.add(jdk.java().toString());
      command.addAll(before);
      if (agent) {
        List<String> pairs = new ArrayList<>();
        settings.forEach((key, value) -> pairs.add(key + "=" + value));
        command.add(
            "-javaagent:" + agentJar() + (pairs.isEmpty() ? "" : "=" + String.join(",", pairs)));
      }
      command.addAll(options);
      if (!options.contains("-cp") && !options.contains("-jar")) {
        command.addAll(List.of("-cp", classPath()));
      }
      if (!main.isEmpty()) {
        command.add(main);
      }
      command.addAll(arguments);
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().putAll(variables);
      try {
        return new Jvm(builder.start(), log);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** To its end, which must be an orderly one. */
    public Jvm run() {
      Jvm jvm = start();
      int exit = jvm.await();
      if (exit != 0) {
        throw new IllegalStateException(
            main + " exited with " + exit + "\n" + jvm.stderr() + jvm.stdout());
      }
      return jvm;
    }
  }

  public static Setup of(String main) {
    return new Setup(main);
  }

  public static Setup of(Class<?> main) {
    return new Setup(main.getName());
  }

  public static Path agentJar() {
    Path jar = Path.of(System.getProperty("agent.jar")).normalize();
    if (!Files.exists(jar)) {
      throw new IllegalStateException(jar + " is missing: mvn -DskipTests package");
    }
    return jar;
  }

  /** This module's programs, and the libraries that they use. */
  public static String classPath() {
    return System.getProperty("java.class.path");
  }

  public Process process() {
    return process;
  }

  public long pid() {
    return process.pid();
  }

  /** Its exit code. */
  public int await() {
    try {
      if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IllegalStateException(
            "still running after " + MINUTES + " minutes\n" + stderr() + stdout());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Standard output to its end. */
  public String stdout() {
    return output.text();
  }

  public String stderr() {
    return errors.text();
  }

  public String stdoutSoFar() {
    return output.soFar();
  }

  public String stderrSoFar() {
    return errors.soFar();
  }

  /** Waits until it has printed a line that starts so, and returns the rest of that line. */
  public String awaitLine(String start) {
    String[] rest = new String[1];
    await(
        () -> {
          // Only lines that are whole.
          String text = output.soFar();
          text = text.substring(0, text.lastIndexOf('\n') + 1);
          for (String line : text.split("\n")) {
            if (line.startsWith(start)) {
              rest[0] = line.substring(start.length()).trim();
              return true;
            }
          }
          if (!process.isAlive()) {
            throw new IllegalStateException(
                "ended before it said '" + start + "'\n" + stderr() + stdout());
          }
          return false;
        },
        60);
    return rest[0];
  }

  /**
   * Waits for the agent's first line: the kernel side is up. A hooked call waits for that, but no
   * longer than a second.
   */
  public Jvm awaitAudit() {
    await(() -> errors.soFar().contains(": auditing pid ") || !process.isAlive(), 60);
    return this;
  }

  static void await(BooleanSupplier condition, int seconds) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("nothing within " + seconds + " s");
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** A line to its standard input. */
  public void say(String line) {
    try {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** End of its standard input. */
  public void closeInput() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The audit log's lines so far. */
  public List<JsonNode> lines() {
    return lines(log);
  }

  public List<JsonNode> lines(String type) {
    return lines().stream().filter(line -> line.get("type").asText().equals(type)).toList();
  }

  public static List<JsonNode> lines(Path file) {
    try {
      return Files.exists(file) ? parsed(Files.readAllLines(file)) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The spans that the exporter {@code console} wrote. */
  List<JsonNode> spans() {
    return parsed(stdout().lines().filter(line -> line.startsWith("{\"span\"")).toList());
  }

  private static List<JsonNode> parsed(List<String> texts) {
    List<JsonNode> lines = new ArrayList<>();
    for (String text : texts) {
      try {
        lines.add(JSON.readTree(text));
      } catch (JsonProcessingException e) {
        throw new UncheckedIOException(text, e);
      }
    }
    return lines;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
    }
  }
}
