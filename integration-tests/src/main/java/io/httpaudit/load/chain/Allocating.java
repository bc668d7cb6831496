package io.httpaudit.load.chain;

import com.sun.management.ThreadMXBean;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.httpaudit.load.Threads;
import io.httpaudit.load.Transport;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.LogManager;
import java.util.stream.Collectors;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.threads.TaskQueue;

/**
 * Tells what its threads allocate: the JDK's server and Tomcat, each with one thread for requests,
 * that answer {@code /answer} at once and {@code /NAME/COUNT} after so many hand-overs of that name
 * ({@link Repeated}). {@code /allocated} answers with the bytes that all threads but the agent's
 * own have allocated so far, {@code /each} with what the thread that serves it has, from one {@code
 * /answer} to the next: each amount and how often, {@code BYTES=COUNT}.
 *
 * <p>Argument: a raw server's port. Says {@code ready}, and the ports of the JDK's server and of
 * Tomcat.
 */
public final class Allocating {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final byte[] OK = {'o', 'k'};
  private static final int MOST = 1 << 16;

  private final Repeated repeated;

  /** The JDK's server's, and Tomcat's. */
  private final Each[] each = {new Each(), new Each()};

  /** Of a server's one thread. */
  private static final class Each {
    private final long[] differences = new long[MOST];
    private int count;
    private long before = -1;

    void answer() {
      long now = THREADS.getCurrentThreadAllocatedBytes();
      if (before >= 0 && count < MOST) {
        differences[count++] = now - before;
      }
      before = now;
    }

    String ways() {
      Map<Long, Integer> ways = new TreeMap<>();
      for (int i = 0; i < count; i++) {
        ways.merge(differences[i], 1, Integer::sum);
      }
      count = 0;
      before = -1;
      return ways.entrySet().stream().map(Object::toString).collect(Collectors.joining(" "));
    }
  }

  /**
   * Taken from without waiting for a condition: whoever does that allocates, 32 to 192 bytes, and
   * how often tells of the machine's load alone.
   */
  private static final class Polled extends TaskQueue {
    private static final long serialVersionUID = 1;
    private static final long AGAIN_NANOS = 20_000;

    @Override
    public Runnable take() throws InterruptedException {
      while (true) {
        Runnable next = poll();
        if (next != null) {
          return next;
        }
        LockSupport.parkNanos(AGAIN_NANOS);
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
    }
  }

  private Allocating(int raw) {
    repeated = new Repeated(raw);
  }

  public static void main(String[] arguments) throws Exception {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    LogManager.getLogManager().reset();
    Allocating program = new Allocating(Integer.parseInt(arguments[0]));
    System.out.println("ready " + program.jdk() + " " + program.tomcat());
    System.in.read();
    System.exit(0);
  }

  private int jdk() throws IOException {
    HttpServer server = Transport.OWN.server(0);
    server.setExecutor(
        new ThreadPoolExecutor(
            1, 1, 0, TimeUnit.SECONDS, new Polled(), Threads.daemons("handler")));
    server.createContext("/", this::handle);
    server.start();
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    byte[] body = answer(exchange.getRequestURI().getPath(), each[0]);
    exchange.sendResponseHeaders(200, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private int tomcat() throws Exception {
    Tomcat tomcat = new Tomcat();
    Path base = Files.createTempDirectory("allocating");
    base.toFile().deleteOnExit();
    tomcat.setBaseDir(base.toString());
    tomcat.setPort(0);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    tomcat
        .getConnector()
        .getProtocolHandler()
        .setExecutor(
            new org.apache.tomcat.util.threads.ThreadPoolExecutor(
                1, 1, 0, TimeUnit.SECONDS, new Polled(), Threads.daemons("handler")));
    tomcat.getConnector().setProperty("maxKeepAliveRequests", "-1");
    Transport.OWN.configure(tomcat.getConnector());
    Context context = tomcat.addContext("", base.toString());
    Tomcat.addServlet(context, "answer", new Answering());
    context.addServletMapping("/*", "answer");
    tomcat.start();
    return tomcat.getConnector().getLocalPort();
  }

  private final class Answering extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      byte[] body = answer(request.getRequestURI(), each[1]);
      response.setContentLength(body.length);
      response.getOutputStream().write(body);
    }
  }

  private byte[] answer(String path, Each own) throws IOException {
    String[] parts = path.split("/");
    switch (parts[1]) {
      case "answer":
        own.answer();
        return OK;
      case "each":
        return text(own.ways());
      case "allocated":
        return text(Long.toString(allocated()));
      default:
        repeated.run(parts[1], Integer.parseInt(parts[2]));
        return OK;
    }
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static long allocated() {
    long[] ids = THREADS.getAllThreadIds();
    long[] bytes = THREADS.getThreadAllocatedBytes(ids);
    ThreadInfo[] infos = THREADS.getThreadInfo(ids);
    long all = 0;
    for (int i = 0; i < ids.length; i++) {
      if (infos[i] != null && !infos[i].getThreadName().startsWith("httpaudit")) {
        all += bytes[i];
      }
    }
    return all;
  }
}
