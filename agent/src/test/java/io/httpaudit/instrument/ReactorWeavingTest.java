package io.httpaudit.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * In which context those go on who wait for one signal, of which another thread's request is the
 * emitter: with each Reactor, as it is and woven.
 */
class ReactorWeavingTest {
  private final Context a = new Context(1);
  private final Context b = new Context(2);
  private final Context c = new Context(3);

  /** What is subscribed to, and what emits: the value and the end, or an error. */
  private record Shared(Object publisher, boolean many, Runnable... emissions) {}

  private static URL[] jars(String of) throws Exception {
    return LibraryLoader.jars("nettys", of);
  }

  private static Map<String, byte[]> woven(LibraryLoader of) throws Exception {
    return woven(of, new ReactorCore());
  }

  private static Map<String, byte[]> woven(LibraryLoader of, Library library) throws Exception {
    Map<String, byte[]> woven = new TreeMap<>();
    LibraryWeaver weaver = new LibraryWeaver(library);
    for (String owner : ServersWeavingTest.owners(library)) {
      woven.put(owner, weaver.weave(owner, of.bytes(owner)));
      assertThat(weaver.missing(owner)).isEmpty();
    }
    return woven;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"reactor-core-3.5.0", "reactor-core-3.6.0", "reactor-core-3.7.12", "reactor-1"})
  void eachIsVerifiedAndHasNothingMore(String version) throws Exception {
    URL[] jars = jars(version);
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of())) {
      Map<String, byte[]> woven = woven(plain);
      try (LibraryLoader loader = new LibraryLoader(jars, woven)) {
        for (String owner : woven.keySet()) {
          assertThat(loader.members(owner)).isEqualTo(plain.members(owner));
        }
      }
    }
  }

  /** One thread at a time: each task is started by the one before it. */
  @ParameterizedTest
  @EnabledForJreRange(min = JRE.JAVA_21)
  @ValueSource(strings = {"reactor-core-3.7.12", "reactor-1"})
  void eachTaskOnAThreadOfItsOwnRunsInTheContextInWhichItWasScheduled(String version)
      throws Exception {
    URL[] jars = jars(version);
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of());
        LibraryLoader loader = new LibraryLoader(jars, woven(plain, new ReactorThreads()))) {
      Constructor<?> made =
          Class.forName("reactor.core.scheduler.BoundedElasticThreadPerTaskScheduler", true, loader)
              .getDeclaredConstructor(int.class, int.class, ThreadFactory.class);
      made.setAccessible(true);
      // A thread that has a context by its start.
      ThreadFactory threads =
          task ->
              new Thread(
                  () -> {
                    HttpAudit.replace(b);
                    task.run();
                  });
      Object scheduler = made.newInstance(1, 100, threads);
      call(scheduler, "init");
      BlockingQueue<Optional<HttpAuditContext>> seen = new LinkedBlockingQueue<>();
      List<Context> contexts = new ArrayList<>(Arrays.asList(a, null, c));
      for (Context own : contexts) {
        HttpAudit.replace(own);
        call(
            scheduler,
            "schedule",
            (Runnable) () -> seen.add(Optional.ofNullable(HttpAudit.current())));
      }
      for (Context own : contexts) {
        assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo(Optional.ofNullable(own));
      }
      call(scheduler, "dispose");
    } finally {
      HttpAudit.replace(null);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"reactor-core-3.5.0", "reactor-core-3.6.0", "reactor-core-3.7.12", "reactor-1"})
  void whoWaitsGoesOnInItsOwnContextWhoeverEmits(String version) throws Exception {
    URL[] jars = jars(version);
    long faults = HttpAudit.faults();
    try (LibraryLoader plain = new LibraryLoader(jars, Map.of());
        LibraryLoader loader = new LibraryLoader(jars, woven(plain))) {
      List<String> own = new ArrayList<>();
      for (String name : ways(loader).keySet()) {
        // As Reactor is, each goes on in the emitter's.
        assertThat(goesOn(ways(plain).get(name))).as(name).contains("in b");
        for (String one : goesOn(ways(loader).get(name))) {
          if (!one.equals("in its own")) {
            own.add(name + " " + one);
          }
        }
      }
      assertThat(own).isEmpty();
      assertThat(HttpAudit.faults()).isEqualTo(faults);
    } finally {
      HttpAudit.replace(null);
    }
  }

  /** Subscribes in a, c and in none, emits in b, and says where each went on. */
  private Set<String> goesOn(Shared shared) {
    Set<String> seen = new HashSet<>();
    List<Context> subscribers = new ArrayList<>();
    subscribers.add(a);
    if (shared.many) {
      subscribers.add(null);
      subscribers.add(c);
    }
    int[] signals = new int[1];
    for (Context own : subscribers) {
      Runnable look =
          () -> {
            HttpAuditContext now = HttpAudit.current();
            signals[0]++;
            seen.add(now == own ? "in its own" : now == b ? "in b" : "elsewhere");
          };
      HttpAudit.replace(own);
      call(
          shared.publisher,
          "subscribe",
          (Consumer<Object>) value -> look.run(),
          (Consumer<Object>) error -> look.run(),
          look);
      assertThat(HttpAudit.current()).isSameAs(own);
    }
    HttpAudit.replace(b);
    for (Runnable emission : shared.emissions) {
      emission.run();
      assertThat(HttpAudit.current()).isSameAs(b);
    }
    HttpAudit.replace(null);
    assertThat(signals[0]).isGreaterThanOrEqualTo(subscribers.size());
    return seen;
  }

  private static Map<String, Shared> ways(LibraryLoader loader) throws Exception {
    Map<String, Shared> ways = new LinkedHashMap<>();
    Class<?> sinks = type(loader, "Sinks");
    for (String end : List.of("tryEmitValue", "tryEmitError", "tryEmitEmpty")) {
      Map<String, Function<Object, Object>> monos = new LinkedHashMap<>();
      monos.put("", mono -> mono);
      monos.put("cache", mono -> call(mono, "cache"));
      monos.put("cache for a minute", mono -> call(mono, "cache", Duration.ofMinutes(1)));
      monos.put(
          "cacheInvalidateIf",
          mono -> call(mono, "cacheInvalidateIf", (Predicate<Object>) value -> false));
      Object never = call(type(loader, "Mono"), "never");
      monos.put(
          "cacheInvalidateWhen",
          mono -> call(mono, "cacheInvalidateWhen", (Function<Object, Object>) value -> never));
      monos.put("share", mono -> call(mono, "share"));
      monos.forEach(
          (name, of) -> {
            Object sink = call(sinks, "one");
            Object mono = of.apply(call(sink, "asMono"));
            ways.put("one " + name + " " + end, new Shared(mono, true, () -> emit(sink, end)));
          });
    }
    for (String end : List.of("tryEmitError", "tryEmitEmpty")) {
      Object sink = call(sinks, "empty");
      ways.put("empty " + end, new Shared(call(sink, "asMono"), true, () -> emit(sink, end)));
    }
    for (String end : List.of("tryEmitError", "tryEmitComplete")) {
      Map<String, Object> many = new LinkedHashMap<>();
      Object multicast = call(call(sinks, "many"), "multicast");
      many.put("onBackpressureBuffer", call(multicast, "onBackpressureBuffer"));
      many.put("directBestEffort", call(multicast, "directBestEffort"));
      many.put("directAllOrNothing", call(multicast, "directAllOrNothing"));
      Object replay = call(call(sinks, "many"), "replay");
      many.put("replay all", call(replay, "all"));
      many.put("replay one", call(replay, "limit", 1));
      many.put("replay a minute", call(replay, "limit", Duration.ofMinutes(1)));
      Object unicast = call(call(sinks, "many"), "unicast");
      many.put("unicast", call(unicast, "onBackpressureBuffer"));
      many.put("unicast error", call(unicast, "onBackpressureError"));
      many.forEach(
          (name, sink) ->
              ways.put(
                  name + " " + end,
                  new Shared(
                      call(sink, "asFlux"),
                      !name.startsWith("unicast"),
                      () -> emit(sink, "tryEmitNext"),
                      () -> emit(sink, end))));
      Map<String, Function<Object, Object>> fluxes = new LinkedHashMap<>();
      fluxes.put("share", flux -> call(flux, "share"));
      fluxes.put("cache", flux -> call(flux, "cache"));
      fluxes.put("shareNext", flux -> call(flux, "shareNext"));
      fluxes.put("publish", flux -> call(call(flux, "publish"), "autoConnect"));
      fluxes.put("replay", flux -> call(call(flux, "replay", 1), "autoConnect"));
      fluxes.put("refCount", flux -> call(call(flux, "replay", 1), "refCount"));
      fluxes.forEach(
          (name, of) -> {
            Object sink = call(multicast, "directBestEffort");
            ways.put(
                "flux " + name + " " + end,
                new Shared(
                    of.apply(call(sink, "asFlux")),
                    true,
                    () -> emit(sink, "tryEmitNext"),
                    () -> emit(sink, end)));
          });
      Object sink = call(multicast, "directBestEffort");
      List<Object> groups = new ArrayList<>();
      Object grouped = call(call(sink, "asFlux"), "groupBy", (Function<Object, Object>) v -> v);
      call(
          grouped,
          "subscribe",
          (Consumer<Object>) groups::add,
          // It ends as its groups do.
          (Consumer<Object>) error -> {});
      emit(sink, "tryEmitNext");
      ways.put(
          "group " + end,
          new Shared(
              // Its first value goes to whoever subscribes, at once.
              call(groups.get(0), "skip", 1L),
              false,
              () -> emit(sink, "tryEmitNext"),
              () -> emit(sink, end)));
    }
    for (String end : List.of("error", "complete")) {
      Class<?> overflow = Class.forName(name("FluxSink$OverflowStrategy"), true, loader);
      for (Object strategy : overflow.getEnumConstants()) {
        List<Object> created = new ArrayList<>();
        Object flux =
            call(type(loader, "Flux"), "create", (Consumer<Object>) created::add, strategy);
        ways.put(
            "create " + strategy + " " + end,
            new Shared(
                flux,
                true,
                () -> created.forEach(s -> call(s, "next", "value")),
                () -> created.forEach(s -> end(s, end))));
      }
    }
    for (String end : List.of("error", "success", "value")) {
      List<Object> created = new ArrayList<>();
      Object mono = call(type(loader, "Mono"), "create", (Consumer<Object>) created::add);
      ways.put(
          "create one " + end, new Shared(mono, true, () -> created.forEach(s -> end(s, end))));
    }
    return ways;
  }

  private static void end(Object sink, String how) {
    switch (how) {
      case "error" -> call(sink, "error", new IllegalStateException());
      case "value" -> call(sink, "success", "value");
      default -> call(sink, how);
    }
  }

  private static void emit(Object sink, String how) {
    Object result =
        switch (how) {
          case "tryEmitError" -> call(sink, how, new IllegalStateException());
          case "tryEmitEmpty", "tryEmitComplete" -> call(sink, how);
          default -> call(sink, how, "value");
        };
    assertThat(result).hasToString("OK");
  }

  private static String name(String simple) {
    return "reactor.core.publisher." + simple;
  }

  private static Class<?> type(LibraryLoader loader, String simple) throws ClassNotFoundException {
    return Class.forName(name(simple), true, loader);
  }

  /** A public method of an object's, or a static one of a class's, that takes these. */
  private static Object call(Object on, String name, Object... arguments) {
    boolean isStatic = on instanceof Class<?>;
    Class<?> type = isStatic ? (Class<?>) on : on.getClass();
    for (Method method : type.getMethods()) {
      if (method.getName().equals(name)
          && isStatic == Modifier.isStatic(method.getModifiers())
          && takes(method.getParameterTypes(), arguments)) {
        try {
          method.setAccessible(true);
          return method.invoke(on, arguments);
        } catch (ReflectiveOperationException e) {
          throw new AssertionError(type + "." + name, e);
        }
      }
    }
    throw new AssertionError(type + "." + name);
  }

  private static boolean takes(Class<?>[] types, Object[] arguments) {
    if (types.length != arguments.length) {
      return false;
    }
    for (int i = 0; i < types.length; i++) {
      Class<?> type =
          types[i] == int.class ? Integer.class : types[i] == long.class ? Long.class : types[i];
      if (!type.isInstance(arguments[i])) {
        return false;
      }
    }
    return true;
  }
}
