package io.httpaudit.enrich;

import static io.httpaudit.enrich.Exchanges.exchange;
import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.correlate.Side;
import io.httpaudit.enrich.TheirSpan.Identity;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class JoinsTest {
  private static final long HIGH = 1;
  private static final long LOW = 2;
  private static final long SPAN = 3;
  private static final long PARENT = 4;
  private static final long WALL = Exchanges.WALL;
  private static final long NOW = 100;
  private static final long DEADLINE = 1_000;

  private final Joins joins = new Joins();
  private final Facts facts = onto -> {};

  private static Identity client() {
    return client(SPAN);
  }

  static Identity client(long span) {
    return new Identity(HIGH, LOW, span, PARENT, false, WALL, 0, 0);
  }

  static Identity server(long span, long parent, long connection) {
    return new Identity(HIGH, LOW, span, parent, true, WALL, connection, 0);
  }

  static TheirSpan ended(Identity identity, String method, long status) {
    return ended(identity, method, status, DEADLINE);
  }

  static TheirSpan ended(Identity identity, String method, long status, long deadline) {
    return new TheirSpan(identity, deadline, 10) {
      @Override
      public String method() {
        return method;
      }

      @Override
      public long status() {
        return status;
      }

      @Override
      public boolean has(String key, Class<?> type) {
        return false;
      }

      @Override
      public void put(String key, Object value) {}

      @Override
      public void child(String name, long start, long end) {}

      @Override
      public void passOn() {}
    };
  }

  static TraceIds named(long by) {
    return by == 0 ? new TraceIds(7, 7, 7, 0, "", true) : new TraceIds(HIGH, LOW, 77, by, "", true);
  }

  /** Null: it waits; else whether it is enriched. */
  private Boolean decided(long now) {
    List<Joins.Decided> decided = joins.decided(now, 10);
    return decided.isEmpty() ? null : decided.get(0).facts() != null;
  }

  @Test
  void aClientSpanIsJoinedToTheOneRequestThatNamesIt() {
    joins.started(client());
    joins.asked(Side.CLIENT, SPAN);
    joins.ended(ended(client(), "GET", 200));
    assertThat(decided(NOW)).isNull();

    Exchange told = joins.exchange(exchange(Side.CLIENT, 5, named(SPAN), 200), facts);
    assertThat(told.trace().span()).isEqualTo(SPAN);
    assertThat(told.trace().parent()).isEqualTo(PARENT);
    assertThat(decided(NOW)).isTrue();
  }

  @Test
  void whatWasToldBeforeItsEndIsWaitedFor() {
    joins.started(client());
    joins.ended(ended(client(), "GET", 200));
    assertThat(joins.decided(NOW, 9)).isEmpty();
    assertThat(decided(NOW)).as("no request named it").isFalse();
  }

  @Test
  void ofSeveralRequestsNoneIsCertain() {
    joins.started(client());
    joins.asked(Side.CLIENT, SPAN);
    joins.asked(Side.CLIENT, SPAN);
    joins.exchange(exchange(Side.CLIENT, 5, named(SPAN), 302), facts);
    joins.ended(ended(client(), "GET", 302));
    assertThat(decided(NOW)).isFalse();
  }

  @Test
  void statusAndMethodMustAgree() {
    joins.started(client());
    joins.asked(Side.CLIENT, SPAN);
    joins.exchange(exchange(Side.CLIENT, 5, named(SPAN), 200), facts);
    joins.ended(ended(client(), "GET", 503));
    assertThat(decided(NOW)).isFalse();

    joins.started(server(9, 0, 5));
    joins.exchange(exchange(Side.SERVER, 5, named(0), 200), facts);
    joins.ended(ended(server(9, 0, 5), "POST", 200));
    assertThat(decided(NOW)).isFalse();
  }

  @Test
  void aServersRequestIsNoClients() {
    joins.started(client());
    joins.asked(Side.SERVER, SPAN);
    Exchange told = joins.exchange(exchange(Side.SERVER, 5, named(SPAN), 200), facts);
    assertThat(told.trace().span()).isZero();
    assertThat(told.trace().parent()).isEqualTo(SPAN);
  }

  @Test
  void aServerSpanIsJoinedByTheRequestThatItsThreadHandles() {
    joins.started(server(9, 0, 5));
    Exchange other = joins.exchange(exchange(Side.SERVER, 6, named(0), 200), facts);
    assertThat(other.trace().span()).isZero();
    Exchange own = joins.exchange(exchange(Side.SERVER, 5, named(0), 200), facts);
    assertThat(own.trace().span()).isEqualTo(9);
    joins.ended(ended(server(9, 0, 5), "GET", 200));
    assertThat(decided(NOW)).isTrue();
  }

  @Test
  void notIfTheBytesNameAnotherParentThanItHas() {
    joins.started(server(9, 0, 5));
    Exchange told = joins.exchange(exchange(Side.SERVER, 5, named(PARENT), 200), facts);
    assertThat(told.trace().span()).isZero();
  }

  @Test
  void notIfItStartedBeforeTheRequestCame() {
    Identity early = new Identity(HIGH, LOW, 9, 0, true, WALL - 20_000_000, 5, 0);
    joins.started(early);
    Exchange told = joins.exchange(exchange(Side.SERVER, 5, named(0), 200), facts);
    assertThat(told.trace().span()).isZero();
  }

  @Test
  void ofTwoServerSpansOnOneRequestNoneIsCertain() {
    joins.started(server(9, 0, 5));
    joins.started(server(10, 0, 5));
    Exchange told = joins.exchange(exchange(Side.SERVER, 5, named(0), 200), facts);
    assertThat(told.trace().span()).isZero();
  }

  @Test
  void aServerSpanWithinAnotherLeavesTheRequestToThatOne() {
    joins.started(server(9, 0, 5));
    joins.started(server(10, 9, 5));
    joins.started(server(11, 9, 5));
    Exchange root = joins.exchange(exchange(Side.SERVER, 5, named(0), 200), facts);
    assertThat(root.trace().span()).isEqualTo(9);

    joins.started(server(13, 12, 6));
    joins.started(server(12, PARENT, 6));
    Exchange called = joins.exchange(exchange(Side.SERVER, 6, named(PARENT), 200), facts);
    assertThat(called.trace().span()).isEqualTo(12);
  }

  @Test
  void ofVeryManyOnOneRequestTheFirstIsStillIt() {
    joins.started(server(9, PARENT, 5));
    for (int within = 100; within < 200; within++) {
      joins.started(server(within, within + 1_000, 5));
    }
    Exchange told = joins.exchange(exchange(Side.SERVER, 5, named(PARENT), 200), facts);
    assertThat(told.trace().span()).isEqualTo(9);
  }

  @Test
  void norIsAThirdByItsParentThen() {
    joins.started(server(9, PARENT, 5));
    joins.started(server(10, PARENT, 5));
    joins.started(server(11, PARENT, 0));
    joins.asked(Side.SERVER, PARENT);
    Exchange told = joins.exchange(exchange(Side.SERVER, 5, named(PARENT), 200), facts);
    assertThat(told.trace().span()).isZero();
  }

  @Test
  void twoSpansOfOneIdAreBothPassedOnAndNeitherIsJoined() {
    joins.started(client());
    joins.asked(Side.CLIENT, SPAN);
    joins.exchange(exchange(Side.CLIENT, 5, named(SPAN), 200), facts);
    TheirSpan one = ended(client(), "GET", 200);
    TheirSpan other = ended(client(), "GET", 200);
    joins.ended(one);
    joins.ended(other);
    assertThat(joins.decided(DEADLINE, 10))
        .containsExactly(new Joins.Decided(one, null), new Joins.Decided(other, null));
  }

  @Test
  void aServerSpanOfAnUnknownLibraryIsJoinedByItsParentIfThatIsUnique() {
    joins.started(server(9, PARENT, 0));
    joins.asked(Side.SERVER, PARENT);
    Exchange told = joins.exchange(exchange(Side.SERVER, 5, named(PARENT), 200), facts);
    assertThat(told.trace().span()).isEqualTo(9);
    joins.ended(ended(server(9, PARENT, 0), "GET", 200));
    assertThat(decided(NOW)).isTrue();

    // A retry: two requests of one caller's span.
    joins.started(server(11, 12, 0));
    joins.started(server(13, 12, 0));
    joins.asked(Side.SERVER, 12);
    joins.asked(Side.SERVER, 12);
    Exchange retried = joins.exchange(exchange(Side.SERVER, 5, named(12), 200), facts);
    assertThat(retried.trace().span()).isZero();
  }

  @Test
  void whenItIsKnownLaterWhichRequestItWasThatCounts() {
    joins.started(server(9, PARENT, 0));
    joins.started(server(9, PARENT, 5));
    joins.asked(Side.SERVER, PARENT);
    Exchange told = joins.exchange(exchange(Side.SERVER, 5, named(PARENT), 200), facts);
    assertThat(told.trace().span()).isEqualTo(9);
    joins.ended(ended(server(9, PARENT, 0), "GET", 200));
    assertThat(decided(NOW)).isTrue();
  }

  @Test
  void whenItsTimeIsUpItGoesOnAsItIs() {
    joins.started(client());
    joins.asked(Side.CLIENT, SPAN);
    joins.ended(ended(client(), "GET", 200));
    assertThat(decided(NOW)).isNull();
    assertThat(decided(DEADLINE)).isFalse();
    joins.exchange(exchange(Side.CLIENT, 5, named(SPAN), 200), facts);
    assertThat(decided(DEADLINE)).as("only once").isNull();
  }

  @Test
  void whatIsIgnoredIsNotHeld() {
    joins.started(client());
    joins.asked(Side.CLIENT, SPAN);
    joins.ended(ended(client(), "GET", 200));
    joins.exchange(exchange(Side.CLIENT, 5, named(SPAN), 200), null);
    assertThat(decided(NOW)).isFalse();
  }

  @Test
  void whatLastsIsKnownAfterManyThatAreOver() {
    joins.started(client());
    joins.asked(Side.CLIENT, SPAN);
    for (int other = 100; other < 20_100; other++) {
      joins.started(client(other));
      joins.asked(Side.CLIENT, other);
      joins.exchange(exchange(Side.CLIENT, 5, named(other), 200), facts);
      joins.ended(ended(client(other), "GET", 200));
      assertThat(decided(NOW)).isTrue();
    }
    joins.exchange(exchange(Side.CLIENT, 5, named(SPAN), 200), facts);
    joins.ended(ended(client(), "GET", 200));
    assertThat(decided(NOW)).isTrue();
  }

  @Test
  void aRequestThatComesLateIsNotJoined() {
    joins.started(client());
    joins.asked(Side.CLIENT, SPAN);
    joins.exchange(exchange(Side.CLIENT, 5, named(SPAN), 302), facts);
    joins.ended(ended(client(), "GET", 302));
    assertThat(decided(NOW)).isTrue();

    joins.asked(Side.CLIENT, SPAN);
    Exchange redirected = joins.exchange(exchange(Side.CLIENT, 6, named(SPAN), 200), facts);
    assertThat(redirected.trace().span()).isZero();
  }

  @Test
  void aCallThatIsNotOfHttpIsNamedByItsExchangeThoughItIsOver() {
    joins.started(client());
    joins.asked(Side.CLIENT, SPAN);
    joins.over(new Joins.Over(SPAN, 10));
    joins.forgetOver(10);
    Exchange told = joins.exchange(exchange(Side.CLIENT, 5, named(SPAN), 200), facts);
    assertThat(told.trace().span()).isEqualTo(SPAN);
  }

  @Test
  void whatIsOverIsKnownUntilItsRequestsHaveBeenTold() {
    joins.started(client());
    joins.over(new Joins.Over(SPAN, 10));
    joins.forgetOver(9);
    joins.asked(Side.CLIENT, SPAN);
    joins.forgetOver(10);
    Exchange told = joins.exchange(exchange(Side.CLIENT, 5, named(SPAN), 200), facts);
    assertThat(told.trace().span()).isEqualTo(SPAN);
  }

  @Test
  void whatIsKnownAfterItsTimeIsNotWrittenAnyMore() {
    joins.started(server(9, PARENT, 5));
    TheirSpan span = ended(server(9, PARENT, 0), "POST", 503);
    joins.ended(span);
    List<Joins.Decided> decided = joins.decided(DEADLINE, 10);

    Exchange told = joins.exchange(exchange(Side.SERVER, 5, named(PARENT), 200), facts);
    assertThat(told.trace().span()).as("its line has its id").isEqualTo(9);
    assertThat(decided).containsExactly(new Joins.Decided(span, null));
  }

  @Test
  void nothingOfTheApplicationsIsKeptOnceItIsPassedOn() throws InterruptedException {
    joins.started(server(9, PARENT, 0));
    joins.started(server(10, 0, 5));
    List<WeakReference<TheirSpan>> spans =
        Stream.of(server(9, PARENT, 0), server(10, 0, 0))
            .map(identity -> ended(identity, "GET", 200))
            .peek(joins::ended)
            .map(span -> new WeakReference<>(span))
            .toList();
    assertThat(joins.decided(DEADLINE, 10)).hasSize(2);

    for (int i = 0; i < 100 && spans.stream().anyMatch(span -> span.get() != null); i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertThat(spans).allMatch(span -> span.get() == null);
    joins.exchange(exchange(Side.SERVER, 5, named(0), 200), facts);
  }

  private TheirSpan ends(Identity identity, long deadline) {
    TheirSpan span = ended(identity, "GET", 200, deadline);
    joins.ended(span);
    return span;
  }

  @Test
  void aCallIsPassedOnBeforeTheRequestThatItWasMadeFor() {
    List<TheirSpan> ends = new ArrayList<>();
    for (int i = 100; i > 0; i--) {
      Identity call = client(1_000 + i);
      Identity request = server(i, 0, i);
      joins.started(request);
      joins.started(call);
      joins.asked(Side.CLIENT, call.span());
      joins.exchange(exchange(Side.CLIENT, 5_000, named(call.span()), 200), facts);
      joins.exchange(exchange(Side.SERVER, i, named(0), 200), facts);
      ends.add(ends(call, DEADLINE));
      ends.add(ends(request, DEADLINE));
    }
    assertThat(joins.decided(NOW, 10)).extracting(Joins.Decided::span).isEqualTo(ends);
  }

  @Test
  void aRequestWaitsForTheCallsThatWereMadeForIt() {
    Identity other = new Identity(HIGH, LOW + 1, 8, 0, true, WALL, 8, 0);
    joins.started(client());
    joins.asked(Side.CLIENT, SPAN);
    for (Identity request : List.of(server(9, 0, 9), server(10, 0, 10), other)) {
      joins.started(request);
      joins.exchange(exchange(Side.SERVER, request.connection(), named(0), 200), facts);
    }
    TheirSpan before = ends(server(10, 0, 0), DEADLINE + 1);
    TheirSpan call = ends(client(), DEADLINE + 2);
    TheirSpan request = ends(server(9, 0, 0), DEADLINE + 3);
    TheirSpan anothers = ends(other, DEADLINE + 4);
    assertThat(joins.decided(NOW, 10))
        .extracting(Joins.Decided::span)
        .containsExactly(before, anothers);

    joins.exchange(exchange(Side.CLIENT, 5, named(SPAN), 200), facts);
    assertThat(joins.decided(NOW, 10))
        .containsExactly(new Joins.Decided(call, facts), new Joins.Decided(request, facts));
  }

  @Test
  void aRequestDoesNotWaitLongerThanItMay() {
    joins.started(client());
    joins.asked(Side.CLIENT, SPAN);
    joins.started(server(9, 0, 9));
    joins.exchange(exchange(Side.SERVER, 9, named(0), 200), facts);
    TheirSpan call = ends(client(), DEADLINE);
    TheirSpan request = ends(server(9, 0, 0), DEADLINE + 1);
    assertThat(joins.decided(NOW, 10)).isEmpty();
    assertThat(joins.decided(DEADLINE, 10))
        .containsExactly(new Joins.Decided(call, null), new Joins.Decided(request, facts));
  }
}
