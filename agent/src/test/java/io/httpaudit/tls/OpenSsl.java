package io.httpaudit.tls;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** OpenSSL's s_server, behind a relay that records what passes. */
final class OpenSsl implements AutoCloseable {
  private static final int SECONDS = 20;

  /** Each blocks: on two processors the common pool has a thread for one of them. */
  private static final Executor THREADS =
      task -> {
        Thread thread = new Thread(task, "openssl");
        thread.setDaemon(true);
        thread.start();
      };

  private final Process server;
  private final int port;

  private OpenSsl(Process server, int port) {
    this.server = server;
    this.port = port;
  }

  static boolean isThere() {
    try {
      return run("version").exit() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  record Output(int exit, String text) {}

  static Output run(String... words) throws IOException {
    Process process = start(words);
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Output(process.onExit().join().exitValue(), text);
  }

  private static Process start(String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(Arrays.asList(words));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  /** IANA's names of suites, by OpenSSL's own. */
  static Map<String, String> names() throws IOException {
    Map<String, String> names = new HashMap<>();
    for (String[] suite : suites()) {
      names.put(suite[2], suite[1]);
    }
    return names;
  }

  /** Number in hexadecimal, IANA's name, OpenSSL's name of each suite that it knows. */
  static List<String[]> suites() throws IOException {
    List<String[]> suites = new ArrayList<>();
    String all = run("ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0").text();
    for (String line : all.split("\n")) {
      // 0xC0,0x2C - TLS_… - ECDHE-… TLSv1.2 Kx=…
      String[] words = line.trim().split("\\s+");
      String number = words[0].replace("0x", "").replace(",", "");
      suites.add(new String[] {number, words[2], words[4]});
    }
    return suites;
  }

  static OpenSsl server(File pem, String... options) throws IOException {
    List<String> words = new ArrayList<>(List.of("s_server", "-accept", "127.0.0.1:0"));
    words.addAll(List.of("-cert", pem.getPath(), "-key", pem.getPath()));
    words.addAll(Arrays.asList(options));
    Process server = start(words.toArray(String[]::new));
    BufferedReader says =
        new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
    StringBuilder said = new StringBuilder();
    for (String line = says.readLine(); line != null; line = says.readLine()) {
      said.append(line).append('\n');
      if (line.startsWith("ACCEPT 127.0.0.1:")) {
        int port = Integer.parseInt(line.substring("ACCEPT 127.0.0.1:".length()).trim());
        CompletableFuture.runAsync(() -> says.lines().forEach(more -> {}), THREADS);
        return new OpenSsl(server, port);
      }
    }
    throw new IOException(said.toString());
  }

  /** A client of it: what it connects to, until it is done. */
  interface Client {
    void talk(int port) throws Exception;
  }

  /** What passed between a client and it. */
  Trace recorded(Client client) throws Exception {
    Trace trace = new Trace();
    try (ServerSocket relay = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Void> passed =
          CompletableFuture.runAsync(
              () -> {
                try (Socket in = relay.accept();
                    Socket out = new Socket(InetAddress.getLoopbackAddress(), port)) {
                  in.setTcpNoDelay(true);
                  out.setTcpNoDelay(true);
                  CompletableFuture<Void> there =
                      CompletableFuture.runAsync(() -> pass(in, out, true, trace), THREADS);
                  pass(out, in, false, trace);
                  there.join();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              },
              THREADS);
      client.talk(relay.getLocalPort());
      passed.get(SECONDS, TimeUnit.SECONDS);
    }
    return trace;
  }

  private static void pass(Socket from, Socket to, boolean ofClient, Trace trace) {
    byte[] bytes = new byte[1 << 16];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(bytes); n > 0; n = in.read(bytes)) {
        synchronized (trace) {
          trace.add(ofClient, Arrays.copyOf(bytes, n));
        }
        out.write(bytes, 0, n);
      }
    } catch (IOException e) {
      // Reset: nothing more comes.
    }
    try {
      to.shutdownOutput();
    } catch (IOException e) {
      // It is closed already.
    }
  }

  /**
   * s_client, which ends when its session is stored, if it is to be.
   *
   * @return what it said
   */
  static String client(int port, File session, String... options) throws Exception {
    List<String> words = new ArrayList<>(List.of("s_client", "-connect", "127.0.0.1:" + port));
    words.addAll(List.of("-servername", Keys.HOST));
    if (session != null) {
      words.addAll(List.of("-sess_out", session.getPath()));
    }
    words.addAll(Arrays.asList(options));
    Process client = start(words.toArray(String[]::new));
    CompletableFuture<String> said =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            },
            THREADS);
    if (session != null) {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
      while (session.length() == 0 && client.isAlive() && System.nanoTime() < end) {
        Thread.sleep(2);
      }
    }
    client.getOutputStream().close();
    return said.get(SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    server.destroyForcibly();
  }
}
