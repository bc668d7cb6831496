package io.httpaudit.load.secrets;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.httpaudit.load.failing.Keys;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReferenceArray;
import javax.net.ssl.SSLContext;

/**
 * Moves secrets in all that a request and a response can hold, and then dumps its heap: {@code KEYS
 * FOLDER MARK MARK ROUNDS PORT}. Serves until a line comes, then calls; the connections are open
 * still in the dumps. The last dump has one secret more, in a place of the agent's.
 */
public final class Secretive {
  private static final long QUIET_MILLIS = 1_500;

  private Secretive() {}

  public static void main(String[] words) throws Exception {
    SSLContext context = new Keys(Path.of(words[0])).context("server");
    Path folder = Path.of(words[1]);
    Secrets secrets = new Secrets(words[2], words[3]);
    SecretServers servers = new SecretServers(secrets, context);
    System.out.println("engine " + servers.engine);
    System.out.println("socket " + servers.socket);
    System.out.println("ready");
    System.in.read();

    SecretCalls calls = new SecretCalls(secrets, context);
    int stranger = Integer.parseInt(words[5]);
    calls.once("https://localhost:" + stranger + "/once");
    Socket kept = calls.socket(stranger, 1);
    int exchanges = 3;
    for (int i = 0; i < Integer.parseInt(words[4]); i++) {
      exchanges += round(calls, servers, i);
    }
    Socket open = calls.socket(servers.socket, 5);
    System.out.println("exchanges " + (exchanges + 5));

    Thread.sleep(QUIET_MILLIS);
    dump(folder.resolve("live.hprof"), true);
    dump(folder.resolve("all.hprof"), false);
    plant(secrets.header().getBytes(StandardCharsets.US_ASCII));
    dump(folder.resolve("planted.hprof"), true);
    System.out.println("dumped");
    while (System.in.read() >= 0) {
      // Its end is awaited.
    }
    open.close();
    kept.close();
    System.exit(0);
  }

  private static int round(SecretCalls calls, SecretServers servers, int i)
      throws IOException, InterruptedException {
    String size = i % 4 == 0 ? "large" : "small";
    int bytes = i % 4 == 1 ? 50_000 : 100;
    boolean chunked = i % 3 == 0;
    String engine =
        "https://localhost:" + servers.engine + "/" + size + (chunked ? "-chunked" : "");
    String socket = "https://localhost:" + servers.socket + "/" + size;
    String plain = "http://localhost:" + servers.plain + "/" + size;
    calls.http(engine, bytes, chunked);
    calls.url(engine, bytes, chunked);
    calls.http(socket, bytes, false);
    calls.url(socket, bytes, false);
    calls.http(plain, bytes, chunked);
    calls.url(plain, bytes, chunked);
    return 6;
  }

  private static void dump(Path file, boolean live) throws IOException {
    System.gc();
    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .dumpHeap(file.toString(), live);
  }

  /** Into the agent's stock of buffers. Without an agent nowhere. */
  private static void plant(byte[] secret) throws ReflectiveOperationException {
    Class<?> boot;
    try {
      boot = Class.forName("java.lang.HttpAudit", false, null);
    } catch (ClassNotFoundException e) {
      return;
    }
    Field sink = boot.getDeclaredField("sink");
    sink.setAccessible(true);
    ClassLoader agents = sink.get(null).getClass().getClassLoader();
    Field kept = agents.loadClass("io.httpaudit.observe.Scratch").getDeclaredField("KEPT");
    kept.setAccessible(true);
    @SuppressWarnings("unchecked")
    AtomicReferenceArray<byte[]> stock = (AtomicReferenceArray<byte[]>) kept.get(null);
    stock.set(0, secret);
  }
}
