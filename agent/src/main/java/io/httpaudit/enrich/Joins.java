package io.httpaudit.enrich;

import io.httpaudit.correlate.Exchange;
import io.httpaudit.correlate.Exchange.TraceIds;
import io.httpaudit.correlate.Side;
import io.httpaudit.enrich.TheirSpan.Identity;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which exchange a span of the application's own OpenTelemetry describes. Certain are
 *
 * <ul>
 *   <li>of a CLIENT span: the one request whose bytes name it as their sender;
 *   <li>of a SERVER span: the request that the thread which started it certainly handled, if its
 *       bytes name that span's parent, and no other's that was started for it; or the one request
 *       whose bytes name its parent, if no other SERVER span has that parent.
 * </ul>
 *
 * <p>Where a span sent several requests (redirects, retries), which of them it describes is not
 * certain. Method and status must agree, too. Else nothing is joined. One thread; bounded: what is
 * oldest is forgotten.
 */
final class Joins {
  private static final int SPANS = 16_384;

  /** Parents of SERVER spans that were started for one request: others are not joined. */
  private static final int PARENTS = 8;

  /** The SDK's clock and ours may differ by so many nanoseconds. */
  private static final long CLOCKS = 5_000_000;

  /** What a span waits for. */
  enum Decision {
    WAIT,
    ENRICH,
    LEAVE
  }

  /**
   * A span that is to be passed on: whatever is known of it later, this stays.
   *
   * @param facts null: it goes on as it is
   */
  record Decided(TheirSpan span, Facts facts) {}

  /** A span from its start on. */
  private static final class Joined {
    final Identity identity;

    /** An exchange is its, or it is not certain which. */
    boolean taken;

    /** It has ended, and goes with its exchange, which is yet to come. */
    boolean over;

    /** It is passed on, or is never held: an exchange may still get its ids, no more. */
    boolean forgotten;

    /** Null, as are those below: not known, or forgotten. */
    TheirSpan ended;

    Exchange exchange;
    Facts facts;

    Joined(Identity identity) {
      this.identity = identity;
    }

    /** Nothing of the application's is kept from here on, nor of what was to be written. */
    void forget() {
      forgotten = true;
      ended = null;
      exchange = null;
      facts = null;
    }
  }

  /**
   * A span that has ended, and is not held.
   *
   * @param told position in the ring of events when it ended: what it caused was told below
   */
  record Over(long span, long told) {}

  private record Request(long connection, long sequence) {}

  /** Of two spans of one parent on one request, neither. */
  private static final Joined NONE = new Joined(null);

  /** How many requests and SERVER spans have a name. */
  private static final class Named {
    int requests;
    int spans;
    Joined span;
  }

  private static <K, V> Map<K, V> bounded() {
    return new LinkedHashMap<>() {
      private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > SPANS;
      }
    };
  }

  private final Map<Long, Joined> spans = bounded();

  /** The SERVER spans that were started for a request, by their parents. */
  private final Map<Request, Map<Long, Joined>> handled = bounded();

  /** Requests sent, by the span that their bytes name. */
  private final Map<Long, Named> sent = bounded();

  /** Requests received, and SERVER spans, by their parent. */
  private final Map<Long, Named> received = bounded();

  private final Deque<Over> over = new ArrayDeque<>();

  /** Those that have ended, and wait, in the order of their ends. */
  private final Map<Long, Joined> held = new LinkedHashMap<>();

  /** They wait no longer. */
  private final List<Decided> displaced = new ArrayList<>();

  /** A span was started; perhaps it is told of again, with the request that it was started for. */
  void started(Identity span) {
    Joined joined = new Joined(span);
    Joined before = spans.put(span.span(), joined);
    if (!span.server()) {
      return;
    }
    if (before != null && span.parent() != 0) {
      named(Side.SERVER, span.parent()).spans--;
    }
    if (span.connection() != 0) {
      Map<Long, Joined> byParent =
          handled.computeIfAbsent(
              new Request(span.connection(), span.sequence()), request -> new HashMap<>(2));
      if (byParent.size() < PARENTS || byParent.containsKey(span.parent())) {
        byParent.merge(span.parent(), joined, (one, other) -> NONE);
      }
    } else if (span.parent() != 0) {
      Named named = named(Side.SERVER, span.parent());
      named.spans++;
      named.span = joined;
    }
  }

  private Named named(Side side, long by) {
    return (side == Side.CLIENT ? sent : received).computeIfAbsent(by, id -> new Named());
  }

  /** A request's head went by, whose bytes name a span. */
  void asked(Side side, long parent) {
    named(side, parent).requests++;
  }

  /**
   * An exchange is final.
   *
   * @return with the ids of the span that describes it, as far as one is certain
   */
  Exchange exchange(Exchange e, Facts facts) {
    Joined joined = describes(e);
    if (joined == null || joined.taken || requests(joined.identity) > 1) {
      // What the bytes name is known; a span of its own it has none.
      return e.withTrace(e.trace().withoutSpan());
    }
    joined.taken = true;
    if (!joined.forgotten) {
      joined.exchange = e;
      joined.facts = facts;
    }
    Identity span = joined.identity;
    if (joined.over) {
      forget(joined);
    }
    return e.withTrace(
        new TraceIds(
            span.traceHigh(),
            span.traceLow(),
            span.span(),
            span.parent(),
            e.trace().state(),
            e.trace().sampled()));
  }

  private Joined describes(Exchange e) {
    TraceIds bytes = e.trace();
    if (e.side() == Side.CLIENT) {
      Joined joined = bytes.parent() == 0 ? null : spans.get(bytes.parent());
      return joined != null && !joined.identity.server() && sameTrace(joined.identity, bytes)
          ? joined
          : null;
    }
    Map<Long, Joined> byParent = handled.remove(new Request(e.connection(), e.sequence()));
    if (byParent != null) {
      // A parent that the bytes name is the span's, and it was not started before they came.
      Joined joined = byParent.getOrDefault(bytes.parent(), NONE);
      return joined != NONE && joined.identity.start() >= e.start() + e.wallOffset() - CLOCKS
          ? joined
          : null;
    }
    Named named = bytes.parent() == 0 ? null : received.get(bytes.parent());
    return named != null
            && named.spans == 1
            && named.requests == 1
            && sameTrace(named.span.identity, bytes)
            && isMeanwhile(named.span.identity, e)
        ? named.span
        : null;
  }

  /** Whether it was started while the exchange was on: who tries again has the same parent. */
  private static boolean isMeanwhile(Identity span, Exchange e) {
    return span.start() >= e.start() + e.wallOffset() - CLOCKS
        && span.start() <= e.end() + e.wallOffset() + CLOCKS;
  }

  private static boolean sameTrace(Identity span, TraceIds bytes) {
    return span.traceHigh() == bytes.traceHigh() && span.traceLow() == bytes.traceLow();
  }

  /** A span has ended, and is held. */
  void ended(TheirSpan span) {
    long id = span.identity.span();
    Joined joined = spans.get(id);
    if (joined == null) {
      // Its start was not seen, or is forgotten.
      joined = new Joined(span.identity);
    }
    Joined other = held.put(id, joined);
    if (other != null) {
      // Two of one id, by ids that are not random: which of them an exchange names is not certain.
      displaced.add(new Decided(other.ended, null));
      other.forget();
      joined.taken = true;
      joined.exchange = null;
      joined.facts = null;
    }
    joined.ended = span;
  }

  /** A span that is not held is over. */
  void over(Over span) {
    over.add(span);
    if (over.size() > SPANS) {
      forget(over.remove());
    }
  }

  /**
   * Forgets what is over, so that what lasts longer is known still.
   *
   * @param told what was told below this position of the ring of events is known
   */
  void forgetOver(long told) {
    while (!over.isEmpty() && told >= over.peek().told()) {
      forget(over.remove());
    }
  }

  private void forget(Over span) {
    Joined joined = spans.get(span.span());
    if (joined == null || joined.ended != null) {
      return;
    }
    if (!joined.taken && !joined.identity.server() && requests(joined.identity) == 1) {
      // A call of another protocol's upon HTTP: its exchange's line names it.
      joined.over = true;
    } else {
      forget(joined);
    }
  }

  /**
   * Of a CLIENT span its requests, too: what comes late, a redirect perhaps, names a span that
   * nobody knows. Not so of a SERVER span's parent, which may have sent another request: of the two
   * spans that it has then neither is certain.
   */
  private void forget(Joined joined) {
    joined.forget();
    long id = joined.identity.span();
    if (spans.remove(id, joined) && !joined.identity.server()) {
      sent.remove(id);
    }
  }

  /**
   * Takes those out that have been decided. A SERVER span goes behind the CLIENT spans of its trace
   * that ended before it, as without us: some exporters take their root's end for a trace's.
   *
   * @param due nanoTime: who is held until then, or less long, is held no longer
   * @param told what was told below this position of the ring of events is known
   */
  List<Decided> decided(long due, long told) {
    List<Decided> decided = new ArrayList<>(displaced);
    displaced.clear();
    // Halves of trace ids: of two traces that have one in common, one waits for the other.
    Set<Long> waiting = new HashSet<>();
    for (Iterator<Joined> each = held.values().iterator(); each.hasNext(); ) {
      Joined joined = each.next();
      Decision decision = decide(joined, due, told);
      if (decision == Decision.WAIT) {
        if (!joined.identity.server()) {
          waiting.add(joined.identity.traceLow());
        }
      } else if (!joined.identity.server()
          || due - joined.ended.deadline >= 0
          || !waiting.contains(joined.identity.traceLow())) {
        each.remove();
        decided.add(new Decided(joined.ended, decision == Decision.ENRICH ? joined.facts : null));
        forget(joined);
      }
    }
    return decided;
  }

  /** Whether one waits that is held until {@code due}, a nanoTime, or less long. */
  boolean holds(long due) {
    return held.values().stream().anyMatch(joined -> due - joined.ended.deadline >= 0);
  }

  private Decision decide(Joined joined, long due, long told) {
    TheirSpan span = joined.ended;
    boolean over = due - span.deadline >= 0;
    if (told < span.told) {
      return over ? Decision.LEAVE : Decision.WAIT;
    }
    int requests = requests(joined.identity);
    if (requests != 1) {
      return Decision.LEAVE;
    }
    if (joined.exchange == null) {
      return over ? Decision.LEAVE : Decision.WAIT;
    }
    return joined.facts != null && agrees(span, joined.exchange) ? Decision.ENRICH : Decision.LEAVE;
  }

  /** How many requests the span may describe. */
  private int requests(Identity span) {
    if (span.server() && span.connection() != 0) {
      return 1;
    }
    if (span.server()) {
      Named named = span.parent() == 0 ? null : received.get(span.parent());
      return named == null || named.spans != 1 ? 0 : named.requests;
    }
    Named named = sent.get(span.span());
    return named == null ? 0 : named.requests;
  }

  private static boolean agrees(TheirSpan span, Exchange e) {
    try {
      boolean method = span.method().equals(e.method()) || span.method().equals("_OTHER");
      long status = span.status();
      return method && (status == 0 || e.status().isEmpty() || e.status().getAsLong() == status);
    } catch (Throwable failed) {
      HttpAudit.countFault();
      return false;
    }
  }
}
