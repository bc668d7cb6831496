package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.enrich.Beside;
import io.httpaudit.observe.Silent;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an appender of a real Logback is given, with and without a context. */
class LogbackTest {
  private static final String ROOM = "ch.qos.logback.";

  private static URL[] jars(String version) throws Exception {
    return LibraryLoader.jars("loggers", version);
  }

  @ParameterizedTest
  @ValueSource(strings = {"logback-1.2", "logback-1.5"})
  void anEventHasTheIdsOfTheThreadsContext(String version) throws Exception {
    Beside nobody = new Beside(Beside.Mode.AUTO, 0, null, () -> {});
    Logback library = new Logback(nobody);
    String owner = "ch/qos/logback/classic/Logger";
    URL[] jars = jars(version);
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of())) {
      LibraryWeaver weaver = new LibraryWeaver(library);
      byte[] woven = weaver.weave(owner, plain.bytes(owner));
      assertThat(weaver.missing(owner)).isEmpty();
      try (LibraryLoader loader = new LibraryLoader(jars, Map.of(owner, woven))) {
        assertThat(loader.members(owner)).isEqualTo(plain.members(owner));
        Log log = new Log(loader);
        HttpAudit.connect(new Silent());
        log.say("outside");
        Object replaced =
            HttpAudit.replace(
                new HttpAuditContext(0x0af7651916cd43ddL, 1, 0xbL, true, null, null) {});
        try {
          log.put("order", "7");
          log.say("inside");
          log.put("trace_id", "own");
          log.say("theirs");
        } finally {
          HttpAudit.restore(replaced);
          HttpAudit.connect(null);
        }
        List<Map<String, String>> seen = log.seen();
        assertThat(seen.get(0)).isEmpty();
        assertThat(seen.get(1))
            .containsOnly(
                Map.entry("order", "7"),
                Map.entry("trace_id", "0af7651916cd43dd0000000000000001"),
                Map.entry("span_id", "000000000000000b"),
                Map.entry("trace_flags", "01"));
        assertThat(seen.get(2)).containsOnly(Map.entry("order", "7"), Map.entry("trace_id", "own"));
        // The application's own is as it was.
        assertThat(log.mdc()).containsOnly(Map.entry("order", "7"), Map.entry("trace_id", "own"));
      }
    }
  }

  /** A logger of that Logback's, with an appender that keeps what it is given. */
  private static final class Log {
    private final Object logger;
    private final Object appender;
    private final Class<?> mdc;
    private final List<Map<String, String>> seen = new ArrayList<>();

    Log(ClassLoader loader) throws Exception {
      Class<?> contextType = Class.forName(ROOM + "classic.LoggerContext", true, loader);
      Object context = contextType.getConstructor().newInstance();
      mdc = Class.forName("org.slf4j.MDC", true, loader);
      Class.forName("org.slf4j.LoggerFactory", true, loader)
          .getMethod("getILoggerFactory")
          .invoke(null);
      try {
        contextType
            .getMethod("setMDCAdapter", Class.forName("org.slf4j.spi.MDCAdapter", true, loader))
            .invoke(context, mdc.getMethod("getMDCAdapter").invoke(null));
      } catch (NoSuchMethodException e) {
        // Before 1.4 there was one for all.
      }
      logger = contextType.getMethod("getLogger", String.class).invoke(context, "shop");
      appender =
          Class.forName(ROOM + "core.read.ListAppender", true, loader)
              .getConstructor()
              .newInstance();
      appender.getClass().getMethod("start").invoke(appender);
      logger
          .getClass()
          .getMethod("addAppender", Class.forName(ROOM + "core.Appender", true, loader))
          .invoke(logger, appender);
    }

    @SuppressWarnings("unchecked")
    void say(String what) throws Exception {
      logger.getClass().getMethod("info", String.class).invoke(logger, what);
      List<?> events = (List<?>) appender.getClass().getField("list").get(appender);
      Object event = events.get(events.size() - 1);
      seen.add((Map<String, String>) event.getClass().getMethod("getMDCPropertyMap").invoke(event));
    }

    void put(String key, String value) throws Exception {
      mdc.getMethod("put", String.class, String.class).invoke(null, key, value);
    }

    @SuppressWarnings("unchecked")
    Map<String, String> mdc() throws Exception {
      return (Map<String, String>) mdc.getMethod("getCopyOfContextMap").invoke(null);
    }

    /** Of each event, as it was right after it was logged. */
    List<Map<String, String>> seen() {
      return seen;
    }
  }
}
