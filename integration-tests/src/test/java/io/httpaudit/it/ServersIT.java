package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.servers.JdkServing;
import io.httpaudit.load.servers.TomcatServing;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The context that a server's code finds on its thread is that of the request which it handles: no
 * other's, ever; and none in the kinds of places that are named here.
 */
@Tag("abreast")
class ServersIT {
  private static final int REQUESTS = 500 * Integer.getInteger("volume", 1);
  private static final int REQUESTS_WITH_SPANS = 500;

  /** Of many that failed. */
  private static final int SHOWN = 20;

  /** An application's own queue, of which nobody knows; and its threads, when no request is on. */
  private static final Set<String> WITHOUT = Set.of("foreign", "before", "after");

  @TempDir Path folder;

  /** What {@link io.httpaudit.load.servers} wrote. */
  private record Sighting(String id, String place, String ids) {
    static Sighting of(String line) {
      String[] words = line.split(" ", 3);
      return new Sighting(words[0], words[1], words[2]);
    }
  }

  private record Run(Jvm jvm, List<Sighting> sightings) {}

  static List<Jdk> jdks() {
    return Jdk.all();
  }

  record TomcatOn(Jdk jdk, String version) {
    /** The program's own classes, and that Tomcat's. */
    String classPath() throws IOException {
      if (version.equals("11")) {
        return Jvm.classPath();
      }
      try (Stream<Path> jars = Files.list(Path.of(System.getProperty("tomcat10")))) {
        return System.getProperty("load.classes")
            + File.pathSeparator
            + Path.of(System.getProperty("stacks"), "contract", "target", "classes")
            + jars.sorted().map(jar -> File.pathSeparator + jar).collect(Collectors.joining());
      }
    }

    @Override
    public String toString() {
      return "Tomcat " + version + ", " + jdk;
    }
  }

  static List<TomcatOn> tomcats() {
    return tomcats(Jdk.few());
  }

  static List<TomcatOn> tomcatsOfThisJdk() {
    return tomcats(List.of(Jdk.current()));
  }

  private static List<TomcatOn> tomcats(List<Jdk> jdks) {
    return jdks.stream()
        .flatMap(jdk -> Stream.of("10.1", "11").map(version -> new TomcatOn(jdk, version)))
        .toList();
  }

  private Run run(Jvm.Setup setup, int requests) throws IOException {
    Path file = folder.resolve("sightings");
    Jvm jvm =
        setup
            .log(folder.resolve("audit.jsonl"))
            .arguments(requests, file, Keystore.in(folder))
            .run();
    try (Stream<String> lines = Files.lines(file)) {
      return new Run(jvm, lines.map(Sighting::of).toList());
    }
  }

  /** By the request's number: what its line in the audit log says. */
  private static Map<String, String> told(Jvm jvm) {
    Map<String, String> told = new HashMap<>();
    for (JsonNode line : jvm.lines("exchange")) {
      if (line.get("side").asText().equals("server")) {
        String url = line.get("url").asText();
        told.put(
            url.substring(url.lastIndexOf('/') + 1),
            line.get("trace_id").asText() + " " + line.get("span_id").asText());
      }
    }
    return told;
  }

  private static void judge(Run run, Set<String> certain) {
    Map<String, String> told = told(run.jvm());
    Map<String, Integer> right = new TreeMap<>();
    List<Sighting> wrong = new ArrayList<>();
    List<Sighting> absent = new ArrayList<>();
    List<Sighting> unjudged = new ArrayList<>();
    // Even without its line a context is of one request.
    Map<String, String> owners = new HashMap<>();
    for (Sighting seen : run.sightings()) {
      if (!seen.ids().equals("none")
          && !owners.computeIfAbsent(seen.ids(), ids -> seen.id()).equals(seen.id())) {
        wrong.add(seen);
      }
      if (WITHOUT.contains(seen.place())) {
        if (seen.ids().equals("none")) {
          right.merge(seen.place(), 1, Integer::sum);
        } else {
          wrong.add(seen);
        }
      } else if (seen.ids().equals("none")) {
        absent.add(seen);
      } else if (!told.containsKey(seen.id())) {
        unjudged.add(seen);
      } else if (seen.ids().equals(told.get(seen.id()))) {
        right.merge(seen.place(), 1, Integer::sum);
      } else {
        wrong.add(seen);
      }
    }
    System.out.println(
        "ServersIT: "
            + told.size()
            + " requests; right by place "
            + right
            + ", wrong "
            + wrong.size()
            + ", absent "
            + absent.size()
            + ", unjudged "
            + unjudged.size());
    assertThat(wrong.stream().limit(SHOWN)).as("contexts of another request").isEmpty();
    assertThat(absent.stream().limit(SHOWN)).as("no context, where it is certain").isEmpty();
    if (!run.jvm().lines("summary").get(0).has("events_lost")) {
      // On a machine that leaves the agent no time, it says so.
      assertThat(unjudged.stream().limit(SHOWN)).as("without a line in the log").isEmpty();
    }
    assertThat(right.keySet()).containsAll(certain);
    Set<String> schemes = new TreeSet<>();
    for (JsonNode line : run.jvm().lines("exchange")) {
      schemes.add(line.get("url").asText().replaceAll(":.*", ""));
    }
    assertThat(schemes).containsExactly("http", "https");
    assertThat(told.size() + unjudged.size()).isGreaterThanOrEqualTo(REQUESTS);
    // The start and the end: no library lacks a method that is hooked.
    assertThat(run.jvm().stderr().lines().filter(line -> line.startsWith("httpaudit"))).hasSize(2);
  }

  private static Jvm.Setup of(TomcatOn on) throws IOException {
    return Jvm.of(TomcatServing.class).jdk(on.jdk()).options("-cp", on.classPath());
  }

  @ParameterizedTest
  @MethodSource("jdks")
  void aHandlerOfTheJdksServerFindsItsOwnRequest(Jdk jdk) throws IOException {
    judge(
        run(Jvm.of(JdkServing.class).jdk(jdk), REQUESTS),
        Set.of("filter", "handler", "filtered", "response", "foreign", "before", "after"));
  }

  @ParameterizedTest
  @MethodSource("tomcats")
  void aServletFindsItsOwnRequest(TomcatOn on) throws IOException {
    judge(
        run(of(on), REQUESTS),
        Set.of(
            "filter",
            "servlet",
            "filtered",
            "response",
            "started",
            "inline",
            "foreign",
            "dispatched",
            "data",
            "all-data",
            "timeout",
            "complete"));
  }

  @Test
  void theJdksServersRouteIsItsContextsPath() throws IOException {
    Run run =
        run(
            Jvm.of(JdkServing.class).variable("OTEL_TRACES_EXPORTER", "console"),
            REQUESTS_WITH_SPANS);

    for (String kind : List.of("sync", "async", "unread")) {
      assertThat(routes(run, "/shop/" + kind + "/")).containsOnly("/shop");
    }
    assertThat(routes(run, "/shop/deep/empty/")).containsOnly("/shop/deep/");
    assertThat(routes(run, "/none/nothing/", "/shop/%%%/")).containsOnly("");
  }

  @ParameterizedTest
  @MethodSource("tomcatsOfThisJdk")
  void tomcatsRouteIsContextPathAndServletsPattern(TomcatOn on) throws IOException {
    Run run = run(of(on).variable("OTEL_TRACES_EXPORTER", "console"), REQUESTS_WITH_SPANS);

    for (String kind :
        List.of("sync", "flush", "throws", "start", "foreign", "dispatch", "listen")) {
      assertThat(routes(run, "/shop/front/" + kind + "/")).containsOnly("/shop/front/*");
    }
    assertThat(routes(run, "/shop/nothing/", "/other/nowhere/", "/shop/front/%%%/"))
        .containsOnly("");
  }

  /**
   * Of the SERVER spans whose path starts so, and which were answered: what was pipelined behind
   * the last that a server took never came to a servlet. Each is named after its route, if it has
   * one.
   */
  private static Set<String> routes(Run run, String... starts) {
    Set<String> refused =
        run.jvm().lines("exchange").stream()
            .filter(line -> !line.has("status"))
            .map(line -> line.get("span_id").asText())
            .collect(Collectors.toSet());
    Set<String> routes = new TreeSet<>();
    for (JsonNode span : run.jvm().spans()) {
      JsonNode attributes = span.get("attributes");
      String path = attributes.path("url.path").asText();
      if (span.get("kind").asText().equals("SERVER")
          && Stream.of(starts).anyMatch(path::startsWith)
          && !refused.contains(span.get("span_id").asText())) {
        String route = attributes.path("http.route").asText();
        String method = attributes.get("http.request.method").asText();
        assertThat(span.get("span").asText())
            .isEqualTo(route.isEmpty() ? method : method + " " + route);
        routes.add(route);
      }
    }
    return routes;
  }
}
