package io.httpaudit.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Phase;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.Verdict;
import io.httpaudit.correlate.Why;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.AttributeType;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.semconv.HttpAttributes;
import io.opentelemetry.semconv.incubating.HttpIncubatingAttributes;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The oracle is OpenTelemetry's published semantic conventions, as the constants of their artifacts
 * (stable, and, for what is not stable there, incubating), and the text of "Semantic conventions
 * for HTTP spans" where that has no constant.
 *
 * <p>Left out of what that recommends, since header values are never written: {@code
 * user_agent.original}, {@code http.request.header.*}, {@code http.response.header.*}, and a {@code
 * client.address} from Forwarded.
 */
class ConventionsTest {
  /** INTERFACE.md, Spans; its findings are not made yet. */
  private static final Map<String, AttributeType> OWN =
      Map.ofEntries(
          Map.entry("httpaudit.verdict", AttributeType.STRING),
          Map.entry("httpaudit.tls.alert", AttributeType.STRING),
          Map.entry("httpaudit.tls.failed_by", AttributeType.STRING),
          Map.entry("httpaudit.tls.failed_after", AttributeType.STRING),
          Map.entry("httpaudit.why", AttributeType.STRING),
          Map.entry("httpaudit.blocked_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.dns_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.connect_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.ssl_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.queue_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.send_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.wait_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.receive_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.lag_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.accept_wait_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.read_wait_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.process_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.other_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.ack_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.unseen_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.request.wire_bytes", AttributeType.LONG),
          Map.entry("httpaudit.request.segments", AttributeType.LONG),
          Map.entry("httpaudit.request.retransmits", AttributeType.LONG),
          Map.entry("httpaudit.response.wire_bytes", AttributeType.LONG),
          Map.entry("httpaudit.response.segments", AttributeType.LONG),
          Map.entry("httpaudit.response.retransmits", AttributeType.LONG),
          Map.entry("httpaudit.rtt_ms", AttributeType.DOUBLE),
          Map.entry("httpaudit.zero_window", AttributeType.LONG),
          Map.entry("httpaudit.reset", AttributeType.BOOLEAN),
          Map.entry("httpaudit.out_of_order", AttributeType.LONG),
          Map.entry("httpaudit.connection", AttributeType.LONG),
          Map.entry("httpaudit.sequence", AttributeType.LONG));

  /** Required on every span of the kind, by "HTTP client span" and "HTTP server span". */
  private static final Set<String> CLIENT =
      Set.of("http.request.method", "server.address", "server.port", "url.full");

  private static final Set<String> SERVER = Set.of("http.request.method", "url.path", "url.scheme");

  private record Published(AttributeType type, boolean deprecated) {}

  /** Keys of a published artifact, by any of its classes. */
  private static Map<String, Published> published(Class<?> one) throws Exception {
    Map<String, Published> published = new HashMap<>();
    File jar = new File(one.getProtectionDomain().getCodeSource().getLocation().toURI());
    String prefix = one.getPackageName().replace('.', '/') + "/";
    for (String name : classes(jar)) {
      if (name.startsWith(prefix) && name.endsWith("Attributes.class")) {
        Class<?> type = Class.forName(name.substring(0, name.length() - 6).replace('/', '.'));
        for (Field field : type.getFields()) {
          if (field.get(null) instanceof AttributeKey<?> key) {
            boolean deprecated =
                field.isAnnotationPresent(Deprecated.class)
                    || type.isAnnotationPresent(Deprecated.class);
            published.put(key.getKey(), new Published(key.getType(), deprecated));
          }
        }
      }
    }
    return published;
  }

  private static List<String> classes(File jar) throws IOException {
    List<String> names = new ArrayList<>();
    try (JarFile file = new JarFile(jar)) {
      for (Enumeration<JarEntry> all = file.entries(); all.hasMoreElements(); ) {
        names.add(all.nextElement().getName());
      }
    }
    return names;
  }

  /** Every key that {@link Names} has. */
  private static Map<String, AttributeType> ours() throws IllegalAccessException {
    Map<String, AttributeType> keys = new TreeMap<>();
    for (Field field : Names.class.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers()) && !field.isSynthetic()) {
        field.setAccessible(true);
        collect(field.get(null), keys);
      }
    }
    return keys;
  }

  private static void collect(Object value, Map<String, AttributeType> keys) {
    if (value instanceof Key<?> key) {
      keys.put(key.name(), TagList.attribute(key).getType());
    } else if (value instanceof Map<?, ?> map) {
      map.values().forEach(one -> collect(one, keys));
    } else if (value instanceof Names.Message message) {
      collect(message.bytes(), keys);
      collect(message.segments(), keys);
      collect(message.retransmits(), keys);
    } else {
      throw new AssertionError("what is " + value);
    }
  }

  @Test
  void eachNameIsTheConventionsOwnOrInterfacesTable() throws Exception {
    Map<String, Published> stable = published(HttpAttributes.class);
    Map<String, Published> incubating = published(HttpIncubatingAttributes.class);
    assertThat(stable).hasSizeGreaterThan(50);
    Map<String, AttributeType> own = new HashMap<>();
    Set<String> unstable = new TreeSet<>();
    ours()
        .forEach(
            (name, type) -> {
              if (name.startsWith("httpaudit.")) {
                own.put(name, type);
                return;
              }
              Published published = stable.getOrDefault(name, incubating.get(name));
              assertThat(published).as(name).isEqualTo(new Published(type, false));
              if (!stable.containsKey(name)) {
                unstable.add(name);
              }
            });
    assertThat(own).isEqualTo(OWN);
    assertThat(unstable)
        .containsExactly(
            "network.interface.name",
            "tls.cipher",
            "tls.established",
            "tls.next_protocol",
            "tls.protocol.name",
            "tls.protocol.version",
            "tls.resumed");
  }

  private static SpanData span(Told told) {
    SpanDataOut out = new SpanDataOut(Resource.empty());
    new SpanMaker(out, new PhaseRule("none", 0)).exchange(told.exchange(), told.url());
    return out.take().get(0);
  }

  /** A call whose handshake failed. */
  private static SpanData failed() {
    SpanDataOut out = new SpanDataOut(Resource.empty());
    new SpanMaker(out, new PhaseRule("none", 0)).connection(Told.untrusted());
    return out.take().get(0);
  }

  @Test
  void aHandshakeThatFailedIsItsCallsError() {
    assertThat(tags(failed()))
        .containsEntry("error.type", "tls_failed")
        .containsEntry("server.address", "shop.test")
        .containsEntry("network.peer.address", "10.9.0.2")
        .containsEntry("httpaudit.connect_ms", 0.2)
        .containsEntry("httpaudit.ssl_ms", 0.5)
        .containsEntry("tls.established", false)
        .containsEntry("httpaudit.tls.alert", "certificate_unknown")
        .containsEntry("httpaudit.tls.failed_by", "local")
        .containsEntry("httpaudit.tls.failed_after", "server_hello");
  }

  private static Map<String, Object> tags(SpanData span) {
    Map<String, Object> tags = new TreeMap<>();
    span.getAttributes().forEach((key, value) -> tags.put(key.getKey(), value));
    return tags;
  }

  private static Told told(Side side) {
    return side == Side.SERVER ? Told.server() : Told.client();
  }

  /** As rich as an exchange can be, and as poor. */
  private static Collection<Told> all() {
    List<Told> all = new ArrayList<>();
    for (Side side : Side.values()) {
      for (String method : List.of("GET", "POST", "PROPFIND", "OPTIONS", "CONNECT")) {
        for (String target : targets(method)) {
          for (String host : List.of("", "shop.test", "me:secret@[::1]:8080")) {
            Told told = told(side);
            told.method = method;
            told.target = target;
            told.host = host;
            told.route = side == Side.SERVER && target.startsWith("/") ? "/{all}" : "";
            told.resends = side == Side.CLIENT ? 1 : 0;
            told.ack = OptionalLong.of(1);
            told.phase(Phase.BLOCKED, 0, 1)
                .phase(Phase.DNS, 0, 1)
                .phase(Phase.SSL, 0, 1)
                .tls(Told.SETTLED);
            all.add(told);
            Told poor = new Told();
            poor.side = side;
            poor.method = method;
            poor.target = target;
            poor.host = host;
            poor.verdict = Verdict.INFERRED;
            poor.why = Why.NO_RIGHTS;
            poor.status = OptionalLong.empty();
            poor.error = "closed";
            poor.segments = 0;
            poor.interfaceName = "";
            poor.rtt = OptionalLong.empty();
            all.add(poor);
          }
        }
      }
    }
    return all;
  }

  /** RFC 9112, 3.2: a target's four forms. */
  private static List<String> targets(String method) {
    return switch (method) {
      case "CONNECT" -> List.of("shop.test:443", "me:secret@[::1]:1");
      case "OPTIONS" -> List.of("/", "*");
      default -> List.of("/", "/a?b=c", "http://me:secret@shop.test/a");
    };
  }

  @Test
  void spansHaveThoseNamesAndNoOther() throws Exception {
    Map<String, AttributeType> emitted = new TreeMap<>();
    for (Told told : all()) {
      span(told).getAttributes().forEach((key, value) -> emitted.put(key.getKey(), key.getType()));
    }
    failed().getAttributes().forEach((key, value) -> emitted.put(key.getKey(), key.getType()));
    assertThat(emitted).isEqualTo(ours());
  }

  @Test
  void whatIsRequiredOfTheKindIsThere() {
    for (Told told : all()) {
      SpanData span = span(told);
      boolean server = told.side == Side.SERVER;
      assertThat(span.getKind()).isEqualTo(server ? SpanKind.SERVER : SpanKind.CLIENT);
      Map<String, Object> tags = tags(span);
      Set<String> required = new TreeSet<>(server ? SERVER : CLIENT);
      if (told.method.equals("CONNECT")) {
        // A tunnel has no URL, but what it leads to.
        required.removeAll(Set.of("url.path", "url.scheme"));
      }
      assertThat(tags).as("%s %s", told.method, told.target).containsKeys(sorted(required));
      assertThat(tags.containsKey("http.response.status_code")).isEqualTo(told.status.isPresent());
      assertThat(tags.containsKey("http.request.method_original"))
          .isEqualTo(told.method.equals("PROPFIND"));
      assertThat(tags.containsKey("http.route")).isEqualTo(!told.route.isEmpty());
      assertThat(tags.containsKey("http.request.resend_count")).isEqualTo(told.resends > 0);
      assertThat(tags.containsKey("error.type"))
          .isEqualTo(span.getStatus().getStatusCode() == StatusCode.ERROR);
      assertThat(tags)
          .containsKeys("network.peer.address", "network.peer.port")
          .containsEntry("network.protocol.version", "1.1");
      assertThat(tags.toString()).doesNotContain("secret", "me:");
    }
  }

  private static String[] sorted(Set<String> names) {
    return names.toArray(new String[0]);
  }

  @ParameterizedTest
  @CsvSource({
    "SERVER, GET, /orders/{id}, GET /orders/{id}",
    "SERVER, GET, '', GET",
    "SERVER, PROPFIND, '', HTTP",
    "SERVER, PROPFIND, /dav/*, HTTP /dav/*",
    "CLIENT, POST, '', POST",
    "CLIENT, purge, '', HTTP",
  })
  void aSpanIsNamedAfterMethodAndRoute(Side side, String method, String route, String name) {
    Told told = told(side);
    told.method = method;
    told.route = route;
    assertThat(span(told).getName()).isEqualTo(name);
  }

  /** The stable conventions' own list of methods: any other is {@code _OTHER}. */
  @Test
  void theMethodsAreTheConventions() throws IllegalAccessException {
    Set<String> known = new TreeSet<>();
    for (Field field : HttpAttributes.HttpRequestMethodValues.class.getFields()) {
      known.add((String) field.get(null));
    }
    assertThat(known).hasSize(10).contains("_OTHER");
    for (String method : known) {
      Told told = Told.server();
      told.method = method.equals("_OTHER") ? "QUERY" : method;
      assertThat(tags(span(told))).containsEntry("http.request.method", method);
    }
  }

  /** "Status": a server's 4xx is unset; error.type is the status, where nothing else went wrong. */
  @Test
  void theStatusIsAnErrorWhereTheConventionsSaySo() {
    for (Side side : Side.values()) {
      for (long status = 200; status < 600; status++) {
        Told told = told(side);
        told.status = OptionalLong.of(status);
        SpanData span = span(told);
        boolean error = status >= (side == Side.SERVER ? 500 : 400);
        assertThat(span.getStatus().getStatusCode())
            .as("%s %s", side, status)
            .isEqualTo(error ? StatusCode.ERROR : StatusCode.UNSET);
        assertThat(span.getStatus().getDescription()).isEmpty();
        assertThat(tags(span).get("error.type")).isEqualTo(error ? Long.toString(status) : null);
        told.error = "reset";
        assertThat(span(told).getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(tags(span(told))).containsEntry("error.type", "reset");
      }
    }
  }

  /** A call that found no connection: nothing of a request is known. */
  @Test
  void aConnectionThatWasRefusedNamesItsServerAndItsError() {
    SpanDataOut out = new SpanDataOut(Resource.empty());
    new SpanMaker(out, new PhaseRule("none", 0)).connection(Told.refused());
    SpanData span = out.take().get(0);
    assertThat(span.getKind()).isEqualTo(SpanKind.CLIENT);
    assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
    assertThat(tags(span))
        .containsEntry("server.address", "10.9.0.2")
        .containsEntry("server.port", 8080L)
        .containsEntry("error.type", "refused");
  }
}
