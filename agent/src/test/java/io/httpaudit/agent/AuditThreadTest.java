package io.httpaudit.agent;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.capture.Capture;
import io.httpaudit.enrich.Beside;
import io.httpaudit.instrument.Libraries;
import io.httpaudit.kernel.Libc;
import io.httpaudit.observe.Hooks;
import io.httpaudit.observe.Silent;
import io.httpaudit.observe.Sockets;
import io.httpaudit.trace.Propagation;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class AuditThreadTest {
  /** The filter would go on, for as long as the JVM lives, and fill a ring that nobody reads. */
  @Test
  void anAuditThatFailsAndFailsAgainAsItEndsGivesAllBackToTheKernel() throws Exception {
    Assumptions.assumeTrue(
        Runtime.version().feature() < 24,
        "needs a JDK that lets any module call natively: this JVM has loaded jffi already");
    Libc.load();
    Sockets sockets = new Sockets();
    sockets.accept(5, 4000);
    sockets.read(5, "GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(ISO_8859_1));
    sockets.write(5, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(ISO_8859_1));
    sockets.observer.closing(5);
    Beside beside = new Beside(Beside.Mode.OWN, 0, Thread::new, () -> {});
    ThreadGroup group = new ThreadGroup("httpaudit");
    Capture capture = new Capture(Set.of(), true);
    long before = epolls();
    // Without ids nothing that was judged can be told of: neither the first time nor the last.
    new AuditThread(
            Settings.of("quiet=true,spans=none"),
            capture,
            sockets.observer,
            new Hooks(nothing(), new Silent()),
            new Libraries(sockets.observer, Propagation.standard(), beside, false),
            beside,
            null,
            null,
            group,
            Thread::new)
        .start(() -> assertThat(epolls()).isEqualTo(before + 1));
    Thread[] audit = new Thread[1];
    if (group.enumerate(audit) == 1) {
      audit[0].join();
    }

    assertThat(sockets.observer.drained()).as("it has begun").isPositive();
    assertThat(epolls()).isEqualTo(before);
  }

  /** Instances of epoll(7): while the kernel side is not closed, it has one. */
  private static long epolls() {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.filter(AuditThreadTest::isEpoll).count();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static boolean isEpoll(Path file) {
    try {
      return Files.readSymbolicLink(file).toString().equals("anon_inode:[eventpoll]");
    } catch (java.io.IOException e) {
      return false;
    }
  }

  private static Instrumentation nothing() {
    return (Instrumentation)
        Proxy.newProxyInstance(
            AuditThreadTest.class.getClassLoader(),
            new Class<?>[] {Instrumentation.class},
            (proxy, method, arguments) -> null);
  }
}
