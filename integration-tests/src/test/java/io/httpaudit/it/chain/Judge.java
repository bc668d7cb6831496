package io.httpaudit.it.chain;

import com.fasterxml.jackson.databind.JsonNode;
import io.httpaudit.load.chain.Ask;
import io.httpaudit.load.chain.HandOff;
import io.httpaudit.load.chain.Plan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Holds every exchange of a run against what its path says of it. The path of each carries the id
 * of the request that it belongs to, and the agent knows nothing of that: so it tells whether a
 * parent is the right one.
 *
 * <p><i>Crossed</i>: a link to another id's span, or to one of the same id that is not the caller.
 * <i>Broken</i>: no link, where there must be one. <i>Not known</i>: a root, where there may be
 * one.
 */
public final class Judge {
  private final int jdk;
  private final Map<Long, Sent> sent;
  private final Tally tally = new Tally();
  private final Map<String, List<View>> places = new HashMap<>();
  private final Map<String, View> spans = new HashMap<>();
  private final Map<String, Long> traces = new HashMap<>();

  /** Spans that a server has taken for its caller. */
  private final Set<String> called = new HashSet<>();

  public Judge(int jdk, Path adversary) {
    this.jdk = jdk;
    sent = Sent.read(adversary);
  }

  /** Takes a log's exchanges, and returns its summary. */
  public JsonNode read(Path log) {
    return AuditLogs.read(log, this::add);
  }

  private void add(View view) {
    places.computeIfAbsent(view.place(), place -> new ArrayList<>(1)).add(view);
    View other = spans.putIfAbsent(view.span(), view);
    if (other != null) {
      tally.crossed("one span id twice", view + " and " + other);
    }
    Long id = traces.putIfAbsent(view.trace(), view.ask().id());
    if (id != null && id != view.ask().id()) {
      tally.crossed(kind(view), "the trace of " + id + ": " + view);
    }
  }

  /** After all logs: each link. */
  public void links() {
    spans.values().forEach(this::link);
  }

  private void link(View view) {
    String kind = kind(view);
    Ask ask = view.ask();
    HandOff.Link link = HandOff.Link.CERTAIN;
    String caller = "";
    String given = "";
    if (view.server()) {
      String service = callerOf(view.service());
      Sent own = sent.get(ask.id());
      if (own != null && isFirst(view, own)) {
        given = own.traceparent();
      } else if (ownHeader(view)) {
        given = Plan.traceparent(ask.id());
      } else {
        caller = View.place(service, false, ask);
      }
    } else if (view.service().equals("front")) {
      if (ownHeader(view)) {
        given = Plan.traceparent(ask.id());
      } else if (ask.handOff().link() != HandOff.Link.NONE) {
        link = ask.handOff().link();
        caller = View.place("front", true, new Ask("front", ask.handOff(), ask.id(), 0));
      }
    } else if (view.service().equals("back") && !isBackground(view)) {
      caller = View.place("back", true, ask.at("back"));
    }
    tally.link(kind);
    if (!given.isEmpty()) {
      given(view, given, kind);
    } else if (caller.isEmpty()) {
      if (!view.parent().isEmpty()) {
        tally.crossed(kind, "must be a root: " + view + told(view.parent()));
      }
    } else {
      child(view, caller, link, kind);
    }
  }

  private static String callerOf(String service) {
    return service.equals("raw") ? "back" : service.equals("back") ? "front" : "client";
  }

  /** Whether the adversary's own connection ends here. */
  private static boolean isFirst(View view, Sent own) {
    return view.ask().hop().equals("nowhere")
        || view.service().equals(own.ask().hop())
        || view.service().equals("front");
  }

  /** Between front and back, where the application made the header. */
  private static boolean ownHeader(View view) {
    return view.ask().handOff() == HandOff.OWN_HEADER
        && (view.service().equals("front") && !view.server()
            || view.service().equals("back") && view.server());
  }

  /** The back's own: no server has its id. */
  private boolean isBackground(View view) {
    return view.ask().handOff() == HandOff.BACKGROUND
        && !places.containsKey(View.place("back", true, view.ask().at("back")));
  }

  private void given(View view, String traceparent, String kind) {
    if (!traceparent.startsWith(view.trace() + "-" + view.parent(), 3)) {
      if (view.parent().isEmpty()) {
        tally.broken(kind, "not a child of " + traceparent + ": " + view);
      } else {
        tally.crossed(kind, "not a child of " + traceparent + ": " + view + told(view.parent()));
      }
    }
  }

  private void child(View view, String caller, HandOff.Link link, String kind) {
    if (view.parent().isEmpty()) {
      if (link == HandOff.Link.PERHAPS) {
        tally.unknown(kind);
      } else {
        tally.broken(kind, view.toString());
      }
      return;
    }
    View parent = spans.get(view.parent());
    if (parent == null) {
      tally.broken(kind, "no log has its parent: " + view);
    } else if (!parent.place().equals(caller)) {
      tally.crossed(kind, view + told(view.parent()));
    } else if (!parent.trace().equals(view.trace())) {
      tally.crossed(kind, "another trace than its parent's: " + view + told(view.parent()));
    } else if (view.server() && !called.add(view.parent())) {
      tally.crossed(kind, "two exchanges of one call: " + view + told(view.parent()));
    }
  }

  private String told(String span) {
    return ", which is " + spans.get(span);
  }

  private String kind(View view) {
    Plan plan = Plan.of(view.ask().id(), jdk);
    Sent own = sent.get(view.ask().id());
    if (view.server()) {
      return view.service()
          + " server: "
          + (own != null && isFirst(view, own)
              ? own.what()
              : view.service().equals("front")
                  ? (plan.urlConnection() ? "from HttpURLConnection" : "from java.net.http")
                      + (plan.nio2() ? " by NIO2" : " by NIO")
                  : view.service().equals("back")
                      ? "from java.net.http"
                      : "from HttpURLConnection");
    }
    if (view.service().equals("front")) {
      return "front client: " + view.ask().handOff();
    }
    if (view.service().equals("back")) {
      return isBackground(view)
          ? "back client: background"
          : "back client: " + plan.back() + " in " + plan.server();
    }
    return "client: " + (plan.urlConnection() ? "HttpURLConnection" : "java.net.http");
  }

  /** Every exchange that the client's requests {@code 0 … ids} made, each once. */
  public void client(long ids) {
    for (long id = 0; id < ids; id++) {
      HandOff handOff = HandOff.of(id, jdk);
      Ask front = new Ask("front", handOff, id, 0);
      int status = handOff == HandOff.THROWS ? 500 : 200;
      once("client", false, front, status);
      once("front", true, front, status);
      behindTheFront(front);
    }
  }

  /** Those that the front made for itself. */
  public void background(long frontCalls, long backCalls) {
    for (long i = 0; i < frontCalls; i++) {
      throughTheBack(new Ask("back", HandOff.BACKGROUND, 3_000_000 + i, 0), true);
    }
    for (long i = 0; i < backCalls; i++) {
      Ask ask = new Ask("raw", HandOff.BACKGROUND, 4_000_000 + i, 0);
      once("back", false, ask, 200);
    }
  }

  /** What the adversary sent whole. */
  public void adversary() {
    for (Sent each : sent.values()) {
      if (!each.whole() || each.ask().hop().equals("nowhere")) {
        continue;
      }
      once(each.ask().hop(), true, each.ask(), 200);
      if (each.ask().hop().equals("front")) {
        behindTheFront(each.ask());
      } else {
        throughTheBack(each.ask(), false);
      }
    }
  }

  private void behindTheFront(Ask front) {
    for (int call = 0; call < front.handOff().calls(); call++) {
      throughTheBack(front.at("back").call(call), true);
    }
  }

  private void throughTheBack(Ask ask, boolean called) {
    Plan plan = Plan.of(ask.id(), jdk);
    if (called) {
      if (plan.moved()) {
        once("front", false, ask.at("moved"), 302);
        once("back", true, ask.at("moved"), 302);
      }
      once("front", false, ask, 200);
      once("back", true, ask, 200);
    }
    once("back", false, ask.at("raw"), 200);
    if (plan.audited()) {
      once("raw", true, ask.at("raw"), 200);
    }
  }

  /** Attempts that failed may have come before it. */
  private void once(String service, boolean server, Ask ask, int status) {
    String place = View.place(service, server, ask);
    List<View> found = places.getOrDefault(place, List.of());
    long whole = found.stream().filter(view -> view.status() == status).count();
    if (whole != 1
        || found.stream().anyMatch(view -> view.status() != status && view.status() > 0)) {
      tally.missing(service, place + " with " + status + ": " + found);
    }
  }

  /** What the raw servers received is what the back's logs say that it sent. */
  public long received(Path record) {
    List<Received> all = Received.read(record);
    for (Received each : all) {
      String kind = "raw server's own record";
      tally.link(kind);
      List<View> callers =
          places.getOrDefault(View.place("back", false, each.ask()), List.of()).stream()
              .filter(view -> each.ids().equals(view.trace() + "-" + view.span()))
              .toList();
      if (each.ids().isEmpty()) {
        tally.broken(kind, "no valid traceparent: " + each);
      } else if (callers.size() != 1) {
        View other = spans.get(each.ids().substring(33));
        String how = each + " by " + callers + "; its parent is " + other;
        if (other == null) {
          tally.broken(kind, how);
        } else {
          tally.crossed(kind, how);
        }
      }
      carried(each);
    }
    return all.size();
  }

  /** Nothing of one request's {@code tracestate} and {@code baggage} may show up in another's. */
  private void carried(Received each) {
    Sent own = sent.get(each.ask().id());
    boolean certain = own == null || each.ask().handOff().link() == HandOff.Link.CERTAIN;
    String state = own == null ? "" : own.state();
    String baggage = own == null ? "" : own.baggage();
    carried("tracestate", state, each.state(), certain, each);
    if (!baggage.equals("?")) {
      carried("baggage", baggage, each.baggage(), certain, each);
    }
    if (own != null
        && certain
        && own.traceparent().endsWith("-00")
        && !each.traceparent().endsWith("-00")) {
      tally.broken("flags", each.toString());
    }
  }

  private void carried(
      String field, String expected, String received, boolean certain, Received each) {
    if (!expected.isEmpty()) {
      tally.link(field);
    }
    if (received.equals(expected)) {
      return;
    }
    if (!received.isEmpty()) {
      tally.crossed(field, each + ", not " + expected);
    } else if (certain) {
      tally.broken(field, each + ", not " + expected);
    } else {
      tally.unknown(field);
    }
  }

  public String table() {
    return tally.table();
  }

  public List<String> faults() {
    return tally.faults();
  }

  public long crossed() {
    return tally.crossed();
  }

  public long broken() {
    return tally.broken();
  }

  public long missing() {
    return tally.missing();
  }

  public int exchanges() {
    return spans.size();
  }
}
