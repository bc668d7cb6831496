package io.httpaudit.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Handshakes of the JDK's engines are read as the engines themselves say they went. */
class HandshakesTest {
  private static final Keys KEYS = Keys.make();
  private static final String[] VERSIONS = {"TLSv1.2", "TLSv1.3"};

  private static SSLContext context() {
    return KEYS.context(true, true);
  }

  private static EnginePair pair(String version) {
    return new EnginePair(context(), context(), Keys.HOST).versions(version);
  }

  private static void agrees(EnginePair pair, boolean resumed) {
    assertThat(pair.clientSays).isNull();
    assertThat(pair.serverSays).isNull();
    boolean is13 = pair.client.getSession().getProtocol().equals("TLSv1.3");
    String alpn = pair.client.getApplicationProtocol();
    assertThat(pair.trace.read().state())
        .isEqualTo(
            String.join(
                " ",
                "version=" + pair.client.getSession().getProtocol().replace("TLSv", ""),
                "cipher=" + pair.client.getSession().getCipherSuite(),
                "name=" + Keys.HOST,
                "alpn=" + (is13 ? "" : alpn),
                "resumed=" + resumed,
                "after=" + (is13 ? "server_hello" : "change_cipher_spec"),
                "alert=",
                "by=0",
                "hello=true"));
  }

  @Test
  void aFullHandshakeIsReadAsTheEnginesSayItWent() {
    for (String version : VERSIONS) {
      agrees(pair(version).protocols("h2", "http/1.1").handshake(), false);
    }
  }

  @Test
  void eachSuiteHasTheEnginesName() {
    for (String version : VERSIONS) {
      List<String> tried = new ArrayList<>();
      for (String suite : pair(version).client.getSupportedCipherSuites()) {
        EnginePair pair = pair(version);
        pair.client.setEnabledCipherSuites(new String[] {suite});
        pair.server.setEnabledCipherSuites(new String[] {suite});
        pair.handshake();
        if (pair.clientSays == null && pair.serverSays == null) {
          agrees(pair, false);
          tried.add(suite);
        }
      }
      assertThat(tried)
          .contains(
              version.equals("TLSv1.3")
                  ? "TLS_CHACHA20_POLY1305_SHA256"
                  : "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
    }
  }

  @Test
  void aResumedSessionIsKnownAsOne() {
    for (String version : VERSIONS) {
      agrees(resumed(version), true);
    }
  }

  private static EnginePair resumed(String version) {
    SSLContext client = context();
    SSLContext server = context();
    EnginePair first =
        new EnginePair(client, server, Keys.HOST).versions(version).handshake().exchange();
    EnginePair second = new EnginePair(client, server, Keys.HOST).versions(version).handshake();
    assertThat(second.client.getSession().getCreationTime())
        .isEqualTo(first.client.getSession().getCreationTime());
    return second;
  }

  @Test
  void aSessionThatTheServerNoLongerKnowsIsNotResumed() {
    for (String version : VERSIONS) {
      agrees(forgotten(version), false);
    }
  }

  private static EnginePair forgotten(String version) {
    SSLContext client = context();
    new EnginePair(client, context(), Keys.HOST).versions(version).handshake().exchange();
    return new EnginePair(client, context(), Keys.HOST).versions(version).handshake();
  }

  @Test
  void aClientsCertificateChangesNothing() {
    for (String version : VERSIONS) {
      EnginePair pair = withClientCertificate(version);
      agrees(pair, false);
      assertThat(pair.server.getSession().getLocalCertificates()).isNotEmpty();
    }
  }

  private static EnginePair withClientCertificate(String version) {
    EnginePair pair = pair(version);
    pair.server.setNeedClientAuth(true);
    return pair.handshake();
  }

  // ---- failures

  /** How a failed one is read: alert, who sent it, and behind which message. */
  private static String failure(EnginePair pair) {
    assertThat(pair.clientSays != null || pair.serverSays != null).isTrue();
    Handshake read = pair.trace.read().handshake;
    return read.alert() + "|" + read.alertBy() + "|" + read.after();
  }

  /** The alert as the end that received it names it. */
  private static String received(Exception says) {
    assertThat(says).hasMessageContaining("Received fatal alert: ");
    return says.getMessage().replaceFirst(".*Received fatal alert: (\\w+).*", "$1");
  }

  private static EnginePair distrusted(String version) {
    return new EnginePair(KEYS.context(false, false), context(), Keys.HOST)
        .versions(version)
        .handshake();
  }

  @Test
  void aClientThatDistrustsTheServerIsToBlame() {
    EnginePair pair12 = distrusted("TLSv1.2");
    assertThat(failure(pair12))
        .isEqualTo(received(pair12.serverSays) + "|" + Handshake.CLIENT + "|server_hello_done");
    EnginePair pair13 = distrusted("TLSv1.3");
    assertThat(received(pair13.serverSays)).isEqualTo("certificate_unknown");
    // Encrypted: its name is not to be seen.
    assertThat(failure(pair13)).isEqualTo("|" + Handshake.CLIENT + "|server_hello");
  }

  private static EnginePair withoutCertificate(String version) {
    EnginePair pair =
        new EnginePair(KEYS.context(false, true), context(), Keys.HOST).versions(version);
    pair.server.setNeedClientAuth(true);
    return pair.handshake();
  }

  @Test
  void aServerThatAsksForACertificateInVainIsToBlame() {
    EnginePair pair12 = withoutCertificate("TLSv1.2");
    assertThat(failure(pair12)).startsWith(received(pair12.clientSays) + "|" + Handshake.SERVER);
    EnginePair pair13 = withoutCertificate("TLSv1.3");
    received(pair13.clientSays);
    assertThat(failure(pair13)).isEqualTo("|" + Handshake.SERVER + "|server_hello");
  }

  private static EnginePair noCommonSuite(String version) {
    EnginePair pair = pair(version);
    boolean is13 = version.equals("TLSv1.3");
    pair.client.setEnabledCipherSuites(
        new String[] {is13 ? "TLS_AES_128_GCM_SHA256" : "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"});
    pair.server.setEnabledCipherSuites(
        new String[] {is13 ? "TLS_AES_256_GCM_SHA384" : "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"});
    return pair.handshake();
  }

  private static EnginePair noCommonVersion() {
    EnginePair pair = pair("TLSv1.3");
    pair.client.setEnabledProtocols(new String[] {"TLSv1.2"});
    return pair.handshake();
  }

  private static EnginePair noCommonProtocol(String version) {
    EnginePair pair = pair(version).protocols("h2");
    SSLParameters parameters = pair.server.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"http/1.1"});
    pair.server.setSSLParameters(parameters);
    return pair.handshake();
  }

  private static EnginePair unknownName(String version) {
    EnginePair pair = pair(version);
    SSLParameters parameters = pair.server.getSSLParameters();
    SNIMatcher other = SNIHostName.createSNIMatcher("other\\.test");
    parameters.setSNIMatchers(List.of(other));
    pair.server.setSSLParameters(parameters);
    return pair.handshake();
  }

  @Test
  void aServerThatRefusesTheClientsHelloIsToBlame() {
    List<EnginePair> refused = new ArrayList<>();
    refused.add(noCommonVersion());
    for (String version : VERSIONS) {
      refused.add(noCommonSuite(version));
      refused.add(noCommonProtocol(version));
      refused.add(unknownName(version));
    }
    List<String> alerts = new ArrayList<>();
    for (EnginePair pair : refused) {
      String alert = received(pair.clientSays);
      alerts.add(alert);
      assertThat(failure(pair)).isEqualTo(alert + "|" + Handshake.SERVER + "|client_hello");
      assertThat(pair.trace.read().handshake.version()).isEmpty();
    }
    assertThat(alerts)
        .contains(
            "protocol_version",
            "handshake_failure",
            "no_application_protocol",
            "unrecognized_name");
  }

  // ---- however it is cut

  private static Map<String, Trace> traces() {
    Map<String, Trace> traces = new LinkedHashMap<>();
    traces.put("no common version", noCommonVersion().trace);
    for (String version : VERSIONS) {
      traces.put("full " + version, pair(version).protocols("h2").handshake().trace);
      traces.put("resumed " + version, resumed(version).trace);
      traces.put("forgotten " + version, forgotten(version).trace);
      traces.put("certificate " + version, withClientCertificate(version).trace);
      traces.put("distrusted " + version, distrusted(version).trace);
      traces.put("no certificate " + version, withoutCertificate(version).trace);
      traces.put("no common suite " + version, noCommonSuite(version).trace);
      traces.put("no common protocol " + version, noCommonProtocol(version).trace);
    }
    return traces;
  }

  private static final Map<String, Trace> TRACES = traces();

  @Property(tries = 200)
  void itIsReadTheSameHoweverItIsCut(@ForAll long seed) {
    Random random = new Random(seed);
    TRACES.forEach(
        (name, trace) -> {
          Reading whole = trace.read();
          Reading cut = trace.read(Trace.Order.SENT, random);
          assertThat(cut.state()).as(name).isEqualTo(whole.state());
          assertThat(cut.told).as(name).isEqualTo(whole.told);
          assertThat(cut.client.failed() || cut.server.failed()).as(name).isFalse();
        });
  }

  @Property(tries = 100)
  void itSettlesTheSameWhicheverDirectionIsReadFirst(@ForAll long seed) {
    Random random = new Random(seed);
    TRACES.forEach(
        (name, trace) -> {
          Reading whole = trace.read();
          for (Trace.Order order : Trace.Order.values()) {
            Reading other = trace.read(order, random);
            assertThat(other.settled()).as(name + " " + order).isEqualTo(whole.settled());
            assertThat(other.told)
                .as(name + " " + order)
                .containsExactlyInAnyOrderElementsOf(whole.told);
          }
        });
  }

  @Test
  void theRandomsAreThoseOfTheHellos() {
    for (String version : VERSIONS) {
      EnginePair pair = pair(version).handshake();
      List<Reading.Told> told = pair.trace.read().told;
      assertThat(told).extracting(Reading.Told::client).containsExactly(true, false);
      for (Reading.Told one : told) {
        byte[] stream = pair.trace.stream(one.client());
        ByteBuffer random = ByteBuffer.wrap(stream, 5 + 4 + 2, 32);
        assertThat(one.random())
            .containsExactly(
                random.getLong(), random.getLong(), random.getLong(), random.getLong());
      }
    }
  }

  @Test
  void behindTheHandshakeNothingIsOfInterest() {
    EnginePair pair = pair("TLSv1.2").handshake();
    Reading reading = pair.trace.read();
    assertThat(reading.client.skippable()).isZero();
    reading.handshake.established();
    long before = reading.client.position();
    assertThat(reading.client.skippable()).isEqualTo(Long.MAX_VALUE);
    reading.client.skip(1L << 40);
    assertThat(reading.client.position()).isEqualTo(before + (1L << 40));
    String state = reading.state();
    reading.server.parse(new byte[] {21, 3, 3, 0, 2, 2, 40}, 0, 7);
    assertThat(reading.state()).isEqualTo(state);
    assertThat(reading.client.failed() || reading.server.failed()).isFalse();
  }
}
