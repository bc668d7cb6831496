package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.ClosedUnderWrites;
import io.httpaudit.load.CountedExchanges;
import io.httpaudit.load.HttpServerAndClients;
import io.httpaudit.load.Load;
import io.httpaudit.load.StreamsOverSockets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Hooks and native calls throw, stall and return garbage (io.httpaudit.faults), and no program
 * behaves differently; nor is anything called matched that is not exactly so.
 */
@Tag("abreast")
class FaultsIT {
  private static final int VOLUME = Integer.getInteger("volume", 1);
  private static final int EXCHANGES = 300;

  @TempDir Path folder;

  /**
   * A JDK, and seed, rate and place of faults: from one call in three, with which nothing works, to
   * one in thousands. Of a twentieth of the volume, each of them on one JDK.
   */
  static List<Arguments> faults() {
    List<Arguments> faults = new ArrayList<>();
    String[] kinds = {
      "5:hooks", "300:hooks", "5000:hooks", "30:natives", "300:natives", "3000:natives", "1000:all"
    };
    int seed = 1;
    List<Jdk> jdks = Jdk.all();
    for (int on = 0; on < jdks.size(); on++) {
      for (int round = 0; round < VOLUME; round++) {
        for (int kind = 0; kind < kinds.length; kind++, seed++) {
          if (VOLUME > 1 || kind % jdks.size() == on) {
            faults.add(Arguments.of(jdks.get(on), seed + ":" + kinds[kind]));
          }
        }
      }
    }
    return faults;
  }

  private static Jvm.Setup under(String faults, Jvm.Setup setup) {
    return setup.options("-Dhttpaudit.test.faults=" + faults).set("query.keep", "*");
  }

  @ParameterizedTest
  @MethodSource("faults")
  void theProgramGoesOnAndNothingWrongIsCalledMatched(Jdk jdk, String faults) throws IOException {
    Path truth = folder.resolve("truth");
    Path log = folder.resolve("audit.jsonl");
    long begin = System.nanoTime();
    Outcome with =
        Outcome.of(
            under(
                    faults,
                    Jvm.of(CountedExchanges.class).jdk(jdk).log(log).arguments(truth, EXCHANGES))
                .start());
    long millis = (System.nanoTime() - begin) / 1_000_000;

    assertThat(with.withoutOurs())
        .isEqualTo(new Outcome(0, List.of("checked " + EXCHANGES), List.of()));
    // Its exchanges, the longest stalls that may hit them, and the end that waits for our thread.
    assertThat(millis).isLessThan(60_000);
    assertThat(with.ours()).allMatch(line -> line.startsWith("httpaudit"));
    Map<Integer, long[]> moved = read(truth);
    int matched = 0;
    for (JsonNode line : Jvm.lines(log)) {
      if (line.get("type").asText().equals("exchange")
          && line.get("verdict").asText().equals("matched")) {
        matched++;
        assertThat(isTrue(line, moved)).as(line.toString()).isTrue();
      }
    }
    System.out.println(
        jdk
            + ", faults "
            + faults
            + ": "
            + matched
            + " of "
            + 2 * EXCHANGES
            + " matched, in "
            + millis
            + " ms");
  }

  /**
   * number, then requestOffset requestBytes responseOffset responseBytes, as the program itself
   * counted.
   */
  private static Map<Integer, long[]> read(Path truth) throws IOException {
    Map<Integer, long[]> moved = new HashMap<>();
    for (String line : Files.readAllLines(truth)) {
      String[] words = line.split(" ");
      long[] figures = new long[4];
      for (int i = 0; i < figures.length; i++) {
        figures[i] = Long.parseLong(words[i + 1]);
      }
      moved.put(Integer.parseInt(words[0]), figures);
    }
    assertThat(moved).hasSize(EXCHANGES);
    return moved;
  }

  private static boolean isTrue(JsonNode line, Map<Integer, long[]> moved) {
    long[] figures = moved.get(Integer.parseInt(line.get("url").asText().replaceAll(".*n=", "")));
    JsonNode request = line.get("request");
    JsonNode response = line.get("response");
    long first = request.get("first_us").asLong();
    long last = response.get("last_us").asLong();
    boolean phases = true;
    double sum = 0;
    for (JsonNode phase : line.get("timings")) {
      phases &= phase.asDouble() >= 0;
      sum += phase.asDouble();
    }
    return request.get("offset").asLong() == figures[0]
        && request.get("bytes").asLong() == figures[1]
        && response.get("offset").asLong() == figures[2]
        && response.get("bytes").asLong() == figures[3]
        && line.get("status").asInt() == 200
        && line.get("interface").asText().equals("lo")
        && request.get("last_us").asLong() >= first
        && response.get("first_us").asLong() >= request.get("last_us").asLong()
        && last - first < 60_000_000
        && phases
        && sum < 60_000;
  }

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  /** The rate is next to never. */
  @ParameterizedTest
  @MethodSource("jdks")
  void whatIsWrittenWhileAnotherThreadClosesIsTold(Jdk jdk) {
    Jvm jvm =
        under("1:" + Integer.MAX_VALUE + ":late", Jvm.of(ClosedUnderWrites.class))
            .jdk(jdk)
            .log(folder.resolve("audit.jsonl"))
            .arguments(10)
            .run();

    assertThat(jvm.lines("exchange"))
        .filteredOn(line -> line.get("side").asText().equals("client"))
        .filteredOn(line -> line.get("url").asText().endsWith("/second"))
        .hasSize(10)
        .allMatch(line -> line.get("verdict").asText().equals("matched"))
        .allMatch(line -> line.get("error").asText().equals("closed"));
  }

  private static Outcome bare(Jvm.Setup setup) {
    try {
      return Outcome.of(setup.withoutAgent().start());
    } finally {
      setup.withAgent();
    }
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void otherProgramsGoOnToo(Jdk jdk) {
    goesOn("7:20:all", Jvm.of(HttpServerAndClients.class).jdk(jdk).arguments(10));
    goesOn("7:20:all", Jvm.of(StreamsOverSockets.class).jdk(jdk));
    // It checks each byte that it reads, in HTTP's every shape, on servers and clients of each
    // kind.
    Jvm.Setup load = Jvm.of(Load.class).jdk(jdk).arguments("exchanges=" + 150 * VOLUME, "seed=3");
    goesOn("8:300:hooks", load);
    goesOn("9:500:natives", load);
  }

  private static void goesOn(String faults, Jvm.Setup setup) {
    Outcome with = Outcome.of(under(faults, setup).start());
    assertThat(with.withoutOurs()).as(faults).isEqualTo(bare(setup));
  }
}
