package io.httpaudit.it.chain;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.load.chain.Ask;
import io.httpaudit.load.chain.HandOff;
import io.httpaudit.load.chain.Plan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The judge itself: whole logs of a run are good, and each thing that may be wrong is seen. */
class JudgeTest {
  private static final int JDK = 25;
  private static final int IDS = 2 * HandOff.cast(JDK).size();

  @TempDir Path folder;

  private final List<View> views = new ArrayList<>();
  private final List<Received> received = new ArrayList<>();
  private long spans;

  @BeforeEach
  void aGoodRun() {
    for (long id = 0; id < IDS; id++) {
      HandOff handOff = HandOff.of(id, JDK);
      Plan plan = Plan.of(id, JDK);
      int status = handOff == HandOff.THROWS ? 500 : 200;
      Ask front = new Ask("front", handOff, id, 0);
      View client = add("client", false, front, status, String.format("%032x", id + 1), "");
      View server = add("front", true, front, status, client.trace(), client.span());
      for (int call = 0; call < handOff.calls(); call++) {
        boolean given = handOff == HandOff.OWN_HEADER;
        String header = Plan.traceparent(id);
        String trace = given ? header.substring(3, 35) : server.trace();
        String parent = given ? header.substring(36, 52) : server.span();
        Ask back = front.at("back").call(call);
        if (plan.moved()) {
          View moved = add("front", false, back.at("moved"), 302, trace, parent);
          add("back", true, back.at("moved"), 302, trace, given ? parent : moved.span());
        }
        View caller = add("front", false, back, 200, trace, parent);
        View called = add("back", true, back, 200, trace, given ? parent : caller.span());
        View last = add("back", false, back.at("raw"), 200, trace, called.span());
        if (plan.audited()) {
          add("raw", true, back.at("raw"), 200, trace, last.span());
        }
        received.add(
            new Received(back.at("raw"), "00-" + trace + "-" + last.span() + "-01", "", ""));
      }
    }
  }

  private View add(
      String service, boolean server, Ask ask, int status, String trace, String parent) {
    View view =
        new View(service, server, ask, status, trace, String.format("%016x", ++spans), parent);
    views.add(view);
    return view;
  }

  private static String json(View view) {
    return "{\"type\":\"exchange\",\"service\":\""
        + view.service()
        + "\",\"side\":\""
        + (view.server() ? "server" : "client")
        + "\",\"url\":\"http://127.0.0.1:80"
        + view.ask().path()
        + "\",\"status\":"
        + view.status()
        + ",\"trace_id\":\""
        + view.trace()
        + "\",\"span_id\":\""
        + view.span()
        + "\""
        + (view.parent().isEmpty() ? "" : ",\"parent_span_id\":\"" + view.parent() + "\"")
        + "}";
  }

  private Judge judged() throws IOException {
    Path log = Files.write(folder.resolve("log"), views.stream().map(JudgeTest::json).toList());
    Path record =
        Files.write(
            folder.resolve("record"),
            received.stream().map(r -> r.ask().path() + "\t" + r.traceparent() + "\t\t").toList());
    Judge judge = new Judge(JDK, Files.createFile(folder.resolve("sent")));
    judge.read(log);
    judge.links();
    judge.client(IDS);
    judge.received(record);
    return judge;
  }

  private static void found(Judge judge, long crossed, long broken, long missing) {
    assertThat(List.of(judge.crossed(), judge.broken(), judge.missing()))
        .as("crossed, broken, missing: %s", judge.faults())
        .containsExactly(crossed, broken, missing);
  }

  /** The place in {@link #views} of the client's view of the front's call by {@code handOff}. */
  private int call(HandOff handOff) {
    for (int i = 0; i < views.size(); i++) {
      View view = views.get(i);
      if (view.service().equals("front")
          && !view.server()
          && view.ask().handOff() == handOff
          && view.ask().hop().equals("back")) {
        return i;
      }
    }
    throw new IllegalStateException(handOff.toString());
  }

  private void child(int index, String trace, String parent) {
    View v = views.get(index);
    views.set(
        index, new View(v.service(), v.server(), v.ask(), v.status(), trace, v.span(), parent));
  }

  @Test
  void aGoodRunIsGood() throws IOException {
    found(judged(), 0, 0, 0);
  }

  @Test
  void aParentOfAnotherRequestIsCrossed() throws IOException {
    View other = views.get(call(HandOff.SUBMIT));
    child(call(HandOff.SEND), views.get(call(HandOff.SEND)).trace(), other.parent());
    found(judged(), 1, 0, 0);
  }

  @Test
  void aTraceOfAnotherRequestIsCrossedAtItsCallAndAtWhatFollows() throws IOException {
    View other = views.get(call(HandOff.SEND));
    child(call(HandOff.SUBMIT), other.trace(), other.parent());
    // Its trace, its parent, and its server, which is in the trace of the right one.
    found(judged(), 3, 0, 0);
  }

  @Test
  void aRootIsBrokenWhereTheLinkIsCertain() throws IOException {
    View call = views.get(call(HandOff.SCHEDULE));
    child(call(HandOff.SCHEDULE), call.trace(), "");
    found(judged(), 0, 1, 0);
  }

  @Test
  void aRootMayBeWhereTheLinkIsNotKnownButNoOtherParent() throws IOException {
    View call = views.get(call(HandOff.TIMER));
    child(call(HandOff.TIMER), call.trace(), "");
    child(
        call(HandOff.OWN_EXECUTOR),
        views.get(call(HandOff.OWN_EXECUTOR)).trace(),
        views.get(call(HandOff.SUBMIT)).parent());
    found(judged(), 1, 0, 0);
  }

  @Test
  void aParentThatNoLogHasIsBroken() throws IOException {
    child(call(HandOff.SEND), views.get(call(HandOff.SEND)).trace(), "00f067aa0ba902b7");
    found(judged(), 0, 1, 0);
  }

  @Test
  void twoServersOfOneCallAreCrossed() throws IOException {
    int index = call(HandOff.COMPOSE);
    View server = views.get(index + 1);
    views.add(
        new View(
            "back", true, server.ask(), 200, server.trace(), "00000000000000ff", server.parent()));
    // And one exchange is there twice.
    found(judged(), 1, 0, 1);
  }

  @Test
  void anExchangeWithoutALineIsMissing() throws IOException {
    views.remove(0);
    // The server's parent is in no log.
    found(judged(), 0, 1, 1);
  }

  @Test
  void whatTheLastServerReceivedMustBeWhatItsCallerIs() throws IOException {
    Received one = received.get(0);
    Received other = received.get(1);
    received.set(0, new Received(one.ask(), other.traceparent(), "", ""));
    received.set(1, new Received(other.ask(), "", "", ""));
    found(judged(), 1, 1, 0);
  }
}
