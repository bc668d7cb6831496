package io.httpaudit.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code tls_exchanges.py} or {@code cases.py}, the end of connections that is not ours. */
final class PythonTls implements AutoCloseable {
  private final Process process;
  private final Command.Collector output;
  private final Command.Collector errors;

  private PythonTls(String name, Namespaces.Host host, List<String> options, Object... words) {
    try {
      Path program = Path.of(PythonTls.class.getResource("/" + name).toURI());
      List<String> command =
          new ArrayList<>(
              List.of("ip", "netns", "exec", host.name(), "python3", program.toString()));
      for (Object word : words) {
        command.add(word.toString());
      }
      command.addAll(options);
      process = new ProcessBuilder(command).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
    output = new Command.Collector(process.getInputStream());
    errors = new Command.Collector(process.getErrorStream());
  }

  /** In the folder are the certificate and its key; keys.txt and messages.jsonl come there. */
  static PythonTls server(Namespaces.Host host, String version, Path folder, List<String> options) {
    return new PythonTls("tls_exchanges.py", host, options, "server", version, 0, 0, folder);
  }

  static PythonTls client(
      Namespaces.Host host,
      String version,
      String port,
      int exchanges,
      Path folder,
      List<String> options) {
    return new PythonTls(
        "tls_exchanges.py", host, options, "client", version, port, exchanges, folder);
  }

  /** Each case goes its own way, and gives no account. */
  static PythonTls caseServer(Namespaces.Host host, String version, Path folder) {
    return new PythonTls("cases.py", host, List.of(), "server", version, folder);
  }

  static PythonTls caseClient(
      Namespaces.Host host, String version, String port, Path folder, List<String> cases) {
    return new PythonTls("cases.py", host, cases, "client", version, port, folder);
  }

  /** A server's. */
  String port() {
    Jvm.await(() -> output.soFar().endsWith("\n") || !process.isAlive(), 60);
    return output.soFar().replace("port ", "").strip();
  }

  /** Its orderly end. */
  void await() {
    try {
      if (!process.waitFor(10, TimeUnit.MINUTES)) {
        throw new IllegalStateException("the peer does not end: " + errors.soFar());
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    if (process.exitValue() != 0 || !errors.text().isEmpty()) {
      throw new IllegalStateException("the peer failed: " + errors.text());
    }
  }

  /** A server's. */
  void end() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    await();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
