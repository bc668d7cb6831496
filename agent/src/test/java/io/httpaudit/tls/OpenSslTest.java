package io.httpaudit.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Handshakes of OpenSSL are read as its s_client says they went. */
class OpenSslTest {
  private static final Keys KEYS = Keys.make();

  @TempDir private static Path folder;
  private static File pem;
  private static Map<String, String> names;

  @BeforeAll
  static void keys() throws Exception {
    assumeTrue(OpenSsl.isThere(), "no openssl command here");
    pem = folder.resolve("key.pem").toFile();
    KEYS.pem(pem.toPath());
    names = OpenSsl.names();
  }

  private static File session(String name) {
    return folder.resolve(name).toFile();
  }

  private static String[] with(String[] options, String... more) {
    List<String> all = new ArrayList<>(Arrays.asList(options));
    all.addAll(Arrays.asList(more));
    return all.toArray(String[]::new);
  }

  private static String find(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).as(text).isTrue();
    return matcher.group(1);
  }

  /** The client's words in ours. */
  private static String said(String text) {
    String version = find(text, "(?:New|Reused), TLSv([\\d.]+), Cipher is");
    // That line names TLS 1.0 for the suite's sake, whatever the version is.
    String protocol =
        text.contains("Protocol  : TLSv") ? find(text, "Protocol  : TLSv([\\d.]+)") : version;
    String cipher = find(text, "(?:New|Reused), TLSv[\\d.]+, Cipher is (\\S+)");
    boolean is13 = protocol.equals("1.3");
    boolean alpn = text.contains("ALPN protocol: ");
    return String.join(
        " ",
        "version=" + (protocol.equals("1") ? "1.0" : protocol),
        "cipher=" + names.get(cipher),
        "name=" + Keys.HOST,
        "alpn=" + (is13 || !alpn ? "" : find(text, "ALPN protocol: (\\S+)")),
        "resumed=" + text.contains("Reused, "),
        "after=" + (is13 ? "server_hello" : "change_cipher_spec"));
  }

  private static void agrees(OpenSsl server, File store, String... options) throws Exception {
    String[] said = new String[1];
    Trace trace =
        server.recorded(
            port -> said[0] = OpenSsl.client(port, store, with(options, "-alpn", "h2,http/1.1")));
    Reading whole = trace.read();
    // Closing it, the client has sent an encrypted alert.
    assertThat(unalerted(whole.state())).isEqualTo(said(said[0]));
    assertThat(whole.handshake.alert()).isEmpty();
    cuts(trace, whole);
  }

  /** Whose alert came first is not to be known of one direction alone. */
  private static String unalerted(String state) {
    return state.replaceFirst(" alert=.*", "");
  }

  private static void cuts(Trace trace, Reading whole) {
    for (int seed = 0; seed < 100; seed++) {
      Random random = new Random(seed);
      assertThat(trace.read(Trace.Order.SENT, random).state()).isEqualTo(whole.state());
      for (Trace.Order order : Trace.Order.values()) {
        Reading other = trace.read(order, random);
        assertThat(unalerted(other.settled()))
            .as(order.name())
            .isEqualTo(unalerted(whole.settled()));
        assertThat(other.told).containsExactlyInAnyOrderElementsOf(whole.told);
      }
    }
  }

  private static void resumes(String name, String... options) throws Exception {
    try (OpenSsl server = OpenSsl.server(pem, with(options, "-alpn", "h2"))) {
      File stored = session(name);
      agrees(server, stored, options);
      String[] said = new String[1];
      Trace trace =
          server.recorded(
              port ->
                  said[0] =
                      OpenSsl.client(port, null, with(options, "-sess_in", stored.getPath())));
      assertThat(said[0]).contains("Reused, ");
      Reading whole = trace.read();
      assertThat(unalerted(whole.state())).isEqualTo(said(said[0]));
      cuts(trace, whole);
    }
  }

  @Test
  void aSessionIsResumedByATicket() throws Exception {
    resumes("ticket", "-tls1_2");
  }

  @Test
  void aSessionIsResumedByItsId() throws Exception {
    resumes("id", "-tls1_2", "-no_ticket");
  }

  @Test
  void aSessionIsResumedByAKeyOfTls13() throws Exception {
    resumes("psk", "-tls1_3");
  }

  @Test
  void aSessionOfAnotherServerIsNotResumed() throws Exception {
    for (String[] options : new String[][] {{"-tls1_2"}, {"-tls1_2", "-no_ticket"}, {"-tls1_3"}}) {
      File stored = session("foreign" + String.join("", options));
      try (OpenSsl server = OpenSsl.server(pem, options)) {
        agrees(server, stored, options);
      }
      try (OpenSsl other = OpenSsl.server(pem, options)) {
        agrees(other, null, with(options, "-sess_in", stored.getPath()));
      }
    }
  }

  @Test
  void theGroupIsNegotiatedAnew() throws Exception {
    try (OpenSsl server = OpenSsl.server(pem, "-tls1_3", "-groups", "P-384")) {
      agrees(server, null, "-groups", "X25519:P-384");
      Trace trace = server.recorded(port -> OpenSsl.client(port, null, "-groups", "X25519:P-384"));
      assertThat(trace.read().told)
          .extracting(Reading.Told::client)
          .containsExactly(true, true, false);
    }
  }

  @Test
  void theJdksClientIsAskedForAnotherGroup() throws Exception {
    try (OpenSsl server = OpenSsl.server(pem, "-tls1_3", "-groups", "P-384")) {
      SSLSession[] session = new SSLSession[1];
      Trace trace =
          server.recorded(
              port -> {
                try (SSLSocket socket =
                    (SSLSocket)
                        KEYS.context(false, true)
                            .getSocketFactory()
                            .createSocket("127.0.0.1", port)) {
                  socket.setSoTimeout(20_000);
                  socket.startHandshake();
                  session[0] = socket.getSession();
                }
              });
      Reading whole = trace.read();
      assertThat(whole.told).extracting(Reading.Told::client).containsExactly(true, true, false);
      assertThat(whole.handshake.cipher()).isEqualTo(session[0].getCipherSuite());
      assertThat(whole.handshake.version()).isEqualTo("1.3");
      cuts(trace, whole);
    }
  }

  @Test
  void earlyDataIsNoAlert() throws Exception {
    File stored = session("early");
    // As long as an alert.
    Path early = Files.writeString(folder.resolve("early.txt"), "ab");
    try (OpenSsl server = OpenSsl.server(pem, "-tls1_3", "-early_data")) {
      agrees(server, stored);
      String[] said = new String[1];
      Trace trace =
          server.recorded(
              port ->
                  said[0] =
                      OpenSsl.client(
                          port,
                          null,
                          "-sess_in",
                          stored.getPath(),
                          "-early_data",
                          early.toString()));
      assertThat(said[0]).contains("Early data was accepted");
      assertThat(trace.records(true)).anyMatch(record -> record[0] == 23 && record[1] == 19);
      Reading whole = trace.read();
      assertThat(unalerted(whole.state())).isEqualTo(said(said[0]));
      assertThat(whole.handshake.alertBy()).isNotEqualTo(Handshake.CLIENT);
      cuts(trace, whole);
    }
  }

  @Test
  void eachKindOfSuiteIsRead() throws Exception {
    for (String suite :
        new String[] {
          "ECDHE-ECDSA-CHACHA20-POLY1305",
          "ECDHE-ECDSA-AES128-CCM8",
          "ECDHE-ECDSA-AES256-SHA384",
          "ECDHE-ECDSA-ARIA128-GCM-SHA256",
          "ECDHE-ECDSA-CAMELLIA128-SHA256",
          "ECDHE-ECDSA-NULL-SHA",
          "AECDH-AES128-SHA"
        }) {
      String cipher = suite + ":@SECLEVEL=0";
      try (OpenSsl server = OpenSsl.server(pem, "-tls1_2", "-cipher", cipher)) {
        agrees(server, null, "-tls1_2", "-cipher", cipher);
      }
    }
    for (String version : new String[] {"-tls1", "-tls1_1"}) {
      String[] options = {version, "-cipher", "ALL:@SECLEVEL=0"};
      try (OpenSsl server = OpenSsl.server(pem, options)) {
        agrees(server, null, options);
      }
    }
  }

  @Test
  void whoRefusesIsToBlame() throws Exception {
    try (OpenSsl server = OpenSsl.server(pem, "-tls1_3")) {
      String[] said = new String[1];
      Trace trace = server.recorded(port -> said[0] = OpenSsl.client(port, null, "-tls1_2"));
      assertThat(said[0]).contains("alert protocol version");
      failed(trace, "protocol_version", Handshake.SERVER, "client_hello");
    }
    try (OpenSsl server = OpenSsl.server(pem)) {
      String[] distrust = {"-verify_return_error", "-CAfile", foreign().getPath()};
      Trace clear = server.recorded(port -> OpenSsl.client(port, null, with(distrust, "-tls1_2")));
      failed(clear, "unknown_ca", Handshake.CLIENT, "server_hello_done");
      // Until its own Certificate or Finished this client encrypts nothing.
      Trace clear13 =
          server.recorded(port -> OpenSsl.client(port, null, with(distrust, "-tls1_3")));
      failed(clear13, "unknown_ca", Handshake.CLIENT, "server_hello");
    }
    try (OpenSsl server = OpenSsl.server(pem, "-Verify", "1", "-verify_return_error")) {
      Trace clear = server.recorded(port -> OpenSsl.client(port, null, "-tls1_2"));
      failed(clear, "handshake_failure", Handshake.SERVER, "change_cipher_spec");
      // Its handshake is over before it is refused: by itself it would say goodbye first.
      Trace encrypted = server.recorded(port -> OpenSsl.client(port, null, "-tls1_3", "-ign_eof"));
      failed(encrypted, "", Handshake.SERVER, "server_hello");
    }
  }

  private static File foreign() throws Exception {
    File other = folder.resolve("other.pem").toFile();
    Keys.make().pem(other.toPath());
    return other;
  }

  private static void failed(Trace trace, String alert, int by, String after) {
    Reading whole = trace.read();
    assertThat(whole.handshake.alert()).isEqualTo(alert);
    assertThat(whole.handshake.alertBy()).isEqualTo(by);
    assertThat(whole.handshake.after()).isEqualTo(after);
    cuts(trace, whole);
  }

  @Test
  void aSuitesNameIsIanas() throws IOException {
    int named = 0;
    for (String[] suite : OpenSsl.suites()) {
      String name = CipherSuites.name(Integer.parseInt(suite[0], 16));
      if (!name.startsWith("0x")) {
        assertThat(name).isEqualTo(suite[1]);
        named++;
      } else {
        // Of a shared secret, which a JVM's peers hardly have; or no suite at all.
        assertThat(suite[1]).matches(".*_(PSK|SRP)_.*|.*_SCSV");
      }
    }
    assertThat(named).isGreaterThan(60);
    assertThat(CipherSuites.name(0xC0FF)).isEqualTo("0xC0FF");
  }
}
