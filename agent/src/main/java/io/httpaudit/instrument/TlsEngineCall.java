package io.httpaudit.instrument;

import io.httpaudit.observe.Engines;
import io.httpaudit.observe.Records;
import io.httpaudit.observe.TlsEnd;
import java.util.Locale;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;

/**
 * A wrap or an unwrap of an {@code SSLEngine}, of whatever provider. {@code one} is the plaintext's
 * buffers, {@code two} the records': an array, or one.
 */
final class TlsEngineCall extends HttpAuditProbe {
  private final Engines engines;
  private final boolean wraps;

  TlsEngineCall(Engines engines, boolean wraps) {
    this.engines = engines;
    this.wraps = wraps;
  }

  @Override
  public Object enter(Object self, Object one, Object two) {
    return enter(self, one, two, Records.ALL, Records.ALL);
  }

  @Override
  public Object enter(Object self, Object one, Object two, int partOne, int partTwo) {
    TlsEnd end = engines.of(self);
    Records records = wraps ? end.out() : end.in();
    return one != null && two != null && records.begins(one, partOne, two, partTwo) ? end : null;
  }

  @Override
  public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {
    if (!(entered instanceof TlsEnd end)) {
      return;
    }
    if (end.wantsProtocol() && self instanceof SSLEngine engine) {
      protocol(end, engine);
    }
    Records records = wraps ? end.out() : end.in();
    records.ends(thrown != null);
    if (result instanceof SSLEngineResult of) {
      if (of.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.FINISHED) {
        end.finished();
      }
      // Of an engine that was closed from this side, nothing is consumed.
      if (!wraps && of.getStatus() == SSLEngineResult.Status.CLOSED && of.bytesConsumed() > 0) {
        records.closeNotify();
      }
    } else if (thrown != null) {
      String alert = received(thrown.getMessage());
      if (!alert.isEmpty()) {
        end.alert(alert, true);
      }
    }
  }

  private static final String RECEIVED = "_ALERT_";

  /**
   * The alert that the peer sent, as OpenSSL and BoringSSL say it: {@code SSLV3_ALERT_…}, {@code
   * TLSV1_ALERT_…}; empty: it is nothing of the kind.
   */
  private static String received(String message) {
    int at = message == null ? -1 : message.indexOf(RECEIVED);
    if (at < 0) {
      return "";
    }
    int from = at + RECEIVED.length();
    int to = from;
    while (to < message.length()
        && (message.charAt(to) == '_' || message.charAt(to) >= 'A' && message.charAt(to) <= 'Z')) {
      to++;
    }
    return message.substring(from, to).toLowerCase(Locale.ROOT);
  }

  private static void protocol(TlsEnd end, SSLEngine engine) {
    try {
      String chosen = engine.getApplicationProtocol();
      if (chosen != null && !chosen.isEmpty()) {
        end.protocol(chosen);
      }
    } catch (UnsupportedOperationException e) {
      // Of a provider that has no ALPN.
    }
  }
}
