package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.it.chain.Judge;
import io.httpaudit.load.chain.Adversary;
import io.httpaudit.load.chain.Back;
import io.httpaudit.load.chain.Client;
import io.httpaudit.load.chain.Front;
import io.httpaudit.load.chain.RawServer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every request through client, Tomcat, an executor, {@code java.net.http}, the JDK's server and
 * {@code HttpURLConnection} to a server that knows nothing, many at once: each comes out in its own
 * trace, and in no other.
 */
@Tag("abreast")
class ChainIT {
  private static final int IDS = 5_000 * Integer.getInteger("volume", 1);
  private static final int AT_ONCE = 64;

  private static final int IDS_UNDER_TLS = IDS / 5;

  /** For each round of the adversary so many of the client's. */
  private static final int IDS_A_ROUND = 50;

  @TempDir Path folder;

  /** Of each JVM's. */
  private List<String> transport = List.of();

  static List<Jdk> jdks() {
    return Jdk.few();
  }

  private Jvm.Setup program(Class<?> main, Jdk jdk) {
    return Jvm.of(main).jdk(jdk).options(transport.toArray(String[]::new));
  }

  private Jvm.Setup audited(Class<?> main, String service, Jdk jdk) {
    return program(main, jdk)
        .options("-Xmx512m", "-Djava.io.tmpdir=" + folder)
        .variable("OTEL_SERVICE_NAME", service)
        .log(log(service));
  }

  private Path log(String service) {
    return folder.resolve(service + ".jsonl");
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void eachRequestIsInItsOwnTraceAndInNoOther(Jdk jdk) {
    run(jdk, IDS);
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void underTlsToo(Jdk jdk) {
    transport = List.of("-Dkeys=" + Keystore.in(folder));
    run(jdk, IDS_UNDER_TLS);
  }

  private void run(Jdk jdk, int ids) {
    Path plainRecord = folder.resolve("plain-raw");
    Path auditedRecord = folder.resolve("audited-raw");
    Path sent = folder.resolve("sent");
    long background;
    long backBackground;
    long begin = System.nanoTime();
    try (Jvm plainRaw =
            program(RawServer.class, jdk).withoutAgent().arguments(plainRecord).start();
        Jvm auditedRaw = audited(RawServer.class, "raw", jdk).arguments(auditedRecord).start()) {
      String plainPort = plainRaw.awaitLine("ready ");
      String auditedPort = auditedRaw.awaitLine("ready ");
      try (Jvm back = audited(Back.class, "back", jdk).arguments(plainPort, auditedPort).start()) {
        Object[] ports = back.awaitLine("ready ").split(" ");
        try (Jvm front = audited(Front.class, "front", jdk).arguments(ports).start()) {
          Object[] fronts = front.awaitLine("ready ").split(" ");
          for (Jvm jvm : List.of(auditedRaw, back, front)) {
            jvm.awaitAudit();
          }
          try (Jvm client =
                  audited(Client.class, "client", jdk)
                      .arguments(ids, AT_ONCE)
                      .arguments(fronts)
                      .start();
              Jvm adversary =
                  program(Adversary.class, jdk)
                      .withoutAgent()
                      .arguments(sent, ids / IDS_A_ROUND)
                      .arguments(fronts)
                      .arguments(ports)
                      .start()) {
            ended(adversary);
            ended(client);
            assertThat(client.stdout()).as(client.stderr()).contains("done " + ids + "\n");
          }
          background = backgroundCalls(front);
        }
        backBackground = backgroundCalls(back);
      }
      for (Jvm raw : List.of(plainRaw, auditedRaw)) {
        raw.say("end");
        ended(raw);
      }
    }
    double seconds = (System.nanoTime() - begin) / 1e9;

    Judge judge = new Judge(jdk.feature(), sent);
    for (String service : List.of("client", "front", "back", "raw")) {
      JsonNode summary = judge.read(log(service));
      System.out.println(jdk + ", " + service + ": " + summary);
      assertThat(summary.has("faults")).as("hooks that failed: %s", summary).isFalse();
    }
    judge.links();
    judge.client(ids);
    judge.background(background, backBackground);
    judge.adversary();
    long received = judge.received(plainRecord) + judge.received(auditedRecord);
    System.out.printf(
        "%s: %d requests, %d at once, in %.0f s: %d exchanges seen, %d received at the end%n%s",
        jdk, ids, AT_ONCE, seconds, judge.exchanges(), received, judge.table());
    judge.faults().forEach(System.out::println);

    assertThat(judge.crossed()).as("crossed: %s", judge.faults()).isZero();
    assertThat(judge.broken()).as("broken: %s", judge.faults()).isZero();
    assertThat(judge.missing()).as("missing, or more than once: %s", judge.faults()).isZero();
    assertThat(received).isGreaterThanOrEqualTo(ids);
  }

  private static void ended(Jvm jvm) {
    assertThat(jvm.await()).as("%s %s", jvm.stdout(), jvm.stderr()).isZero();
  }

  private static long backgroundCalls(Jvm jvm) {
    jvm.say("end");
    ended(jvm);
    String calls =
        jvm.stdout()
            .lines()
            .filter(line -> line.startsWith("background "))
            .findFirst()
            .orElseThrow();
    assertThat(jvm.stderr().lines().filter(line -> !line.startsWith("httpaudit"))).isEmpty();
    return Long.parseLong(calls.substring("background ".length()));
  }
}
