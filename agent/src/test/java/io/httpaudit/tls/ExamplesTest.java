package io.httpaudit.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * RFC 8448's traces: Hellos as it prints them, and of encrypted records the headers, since nobody
 * without the keys sees more of them.
 */
class ExamplesTest {
  /** Section 3, of 196 octets. */
  private static final String CLIENT_HELLO =
      "16030100c4"
          + "010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113"
          + "031302010000910000000b0009000006736572766572ff01000100000a00140012001d001700180019010001"
          + "010102010301040023000000330026"
          + "0024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b00030203"
          + "04000d0020001e040305030603020308040805080604010501060102010402050206020202002d0002010100"
          + "1c00024001";

  private static final String SERVER_HELLO =
      "160303005a"
          + "020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e26928001301000"
          + "02e00330024001d0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f00"
          + "2b00020304";

  /** Section 4: what the client offers, up to its binder, of which none but the server cares. */
  private static final String RESUMING_CLIENT_HELLO =
      "1603010200"
          + "010001fc03031bc3ceb6bbe39cff938355b5a50adb6db21b7a6af649d7b4bc419d7876487d95000006130113"
          + "031302010001cd0000000b0009000006736572766572ff01000100000a00140012001d001700180019010001"
          + "01010201030104003300260024001d0020e4ffb68ac05f8d96c99da26698346c6be16482badddafe051a66b4"
          + "f18d668f0b002a0000002b0003020304000d0020001e04030503060302030804080508060401050106010201"
          + "0402050206020202002d00020101001c00024001001500570000000000000000000000000000000000000000"
          + "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
          + "00000000000000000000000000000000000000000000002900dd00b800b22c035d829359ee5ff7af4ec90000"
          + "0000262a6494dc486d2c8a34cb33fa90bf1b0070ad3c498883c9367c09a2be785abc55cd226097a3a9821172"
          + "83f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce145077d454a3664d4e6da4d29ee03725a6a4da"
          + "fcd0fc67d2aea70529513e3da2677fa5906c5b3f7d8f92f228bda40dda721470f9fbf297b5aea617646fac5c"
          + "03272e970727c621a79141ef5f7de6505e5bfbc388e93343694093934ae4d357fad6aacb"
          + "0021203add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d";

  private static final String RESUMING_SERVER_HELLO =
      "1603030060"
          + "0200005c03033ccfd2dec890222763472ae8136777c9d7358777bb66e91ea5122495f559ea2d001301000034"
          + "00290002000000330024001d0020121761ee42c333e1b9e77b60dd57c2053cd94512ab47f115e86eff50942c"
          + "ea31002b00020304";

  /** Section 5. */
  private static final String RETRIED_CLIENT_HELLO =
      "16030100b4"
          + "010000b00303b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee9258a346677b6f000006130113"
          + "031302010000810000000b0009000006736572766572ff01000100000a00080006001d001700180033002600"
          + "24001d0020e8e8e3f3b93a25ed97a14a7dcacb8a272c6288e585c6484d05262fcad062ad1f002b0003020304"
          + "000d0020001e040305030603020308040805080604010501060102010402050206020202002d00020101001c"
          + "00024001";

  private static final String HELLO_RETRY_REQUEST =
      "16030300b0"
          + "020000ac0303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c001301000084"
          + "003300020017002c0074007271dcd04bb88bc3189119398a00000000eefafc76c146b823b096f8aacad365dd"
          + "0030953f4edf625636e5f21bb2e23fcc654b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d6e50781b"
          + "5eda4aa15b0c8be778257d16aa3030e9e7841dd9e4c0342267e8ca0caf571fb2b7cff0f934b0002b00020304";

  private static final String SECOND_CLIENT_HELLO =
      "1603030200"
          + "010001fc0303b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee9258a346677b6f000006130113"
          + "031302010001cd0000000b0009000006736572766572ff01000100000a00080006001d001700180033004700"
          + "450017004104a6da7392ec591e17abfd535964b99894d13befb221b3def2ebe3830eac8f0151812677c4d6d2"
          + "237e85cf01d6910cfb83954e76ba7352830534159897e8065780002b0003020304000d0020001e0403050306"
          + "03020308040805080604010501060102010402050206020202002c0074007271dcd04bb88bc3189119398a00"
          + "000000eefafc76c146b823b096f8aacad365dd0030953f4edf625636e5f21bb2e23fcc654b1b5b40318d10d1"
          + "37abcbb87574e36e8a1f025f7dfa5d6e50781b5eda4aa15b0c8be778257d16aa3030e9e7841dd9e4c0342267"
          + "e8ca0caf571fb2b7cff0f934b0002d00020101001c00024001001500af"
          + "00".repeat(175);

  private static final String SERVER_HELLO_AFTER_RETRY =
      "160303007b"
          + "020000770303bb341d847fd789c47c387172dc0c9bf147fccacb5043d86ca4c598d3ff571b9800130100004f"
          + "003300450017004104583e054b7a66672ae020ad9d2686fcc85b5ad41a134a0f03ee72b893052bd85b4c8de6"
          + "776f5b04ac07d83540eab3e3d9c547bc6528c4317d294686093a6cad7d002b00020304";

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  /** A record of TLS 1.3 that is encrypted. */
  private static byte[] encrypted(int length) {
    byte[] record = new byte[5 + length];
    record[0] = 23;
    record[1] = 3;
    record[2] = 3;
    record[3] = (byte) (length >> 8);
    record[4] = (byte) length;
    return record;
  }

  private static Trace simple() {
    Trace trace = new Trace();
    trace.add(true, bytes(CLIENT_HELLO));
    trace.add(false, bytes(SERVER_HELLO));
    trace.add(false, encrypted(674));
    trace.add(true, encrypted(53));
    trace.add(false, encrypted(222));
    return trace;
  }

  private static Trace resumed() {
    Trace trace = new Trace();
    trace.add(true, bytes(RESUMING_CLIENT_HELLO));
    // Early data.
    trace.add(true, encrypted(23));
    trace.add(false, bytes(RESUMING_SERVER_HELLO));
    trace.add(false, encrypted(97));
    trace.add(true, encrypted(21));
    trace.add(true, encrypted(53));
    return trace;
  }

  private static Trace retried() {
    Trace trace = new Trace();
    trace.add(true, bytes(RETRIED_CLIENT_HELLO));
    trace.add(false, bytes(HELLO_RETRY_REQUEST));
    trace.add(true, bytes(SECOND_CLIENT_HELLO));
    trace.add(false, bytes(SERVER_HELLO_AFTER_RETRY));
    trace.add(false, encrypted(645));
    trace.add(true, encrypted(53));
    return trace;
  }

  private static String state(boolean resumed) {
    return "version=1.3 cipher=TLS_AES_128_GCM_SHA256 name=server alpn= resumed="
        + resumed
        + " after=server_hello alert= by=0 hello=true";
  }

  @Test
  void theExamplesAreReadAsTheRfcExplainsThem() {
    assertThat(simple().read().state()).isEqualTo(state(false));
    assertThat(resumed().read().state()).isEqualTo(state(true));
    assertThat(retried().read().state()).isEqualTo(state(false));
  }

  @Test
  void aRetryIsNoHello() {
    assertThat(retried().read().told)
        .extracting(Reading.Told::client)
        .containsExactly(true, true, false);
  }

  @Test
  void whatIsNotYetSaidIsNotKnown() {
    Reading reading = new Reading();
    assertThat(reading.state())
        .isEqualTo("version= cipher= name= alpn= resumed=? after= alert= by=0 hello=false");
    reading.pass(true, bytes(RETRIED_CLIENT_HELLO), null);
    assertThat(reading.state())
        .isEqualTo(
            "version= cipher= name=server alpn= resumed=? after=client_hello alert= by=0"
                + " hello=true");
    reading.pass(false, bytes(HELLO_RETRY_REQUEST), null);
    assertThat(reading.state())
        .isEqualTo(
            "version=1.3 cipher= name=server alpn= resumed=? after=hello_retry_request alert= by=0"
                + " hello=true");
  }

  /** RFC 8446, D.4: it is there for middleboxes, and may come before the second ClientHello. */
  @Test
  void aChangeCipherSpecOfTls13IsNothing() {
    byte[] change = bytes("140303000101");
    Trace trace = new Trace();
    trace.add(true, bytes(RETRIED_CLIENT_HELLO));
    trace.add(false, bytes(HELLO_RETRY_REQUEST));
    trace.add(false, change);
    trace.add(true, change);
    trace.add(true, bytes(SECOND_CLIENT_HELLO));
    trace.add(false, bytes(SERVER_HELLO_AFTER_RETRY));
    trace.add(true, bytes("15030300020228"));
    Reading inOrder = trace.read();
    assertThat(inOrder.state())
        .isEqualTo(
            state(false).replace("alert= by=0", "alert=handshake_failure by=" + Handshake.CLIENT));
    for (Trace.Order order : Trace.Order.values()) {
      Reading other = trace.read(order, new Random(1));
      assertThat(other.settled()).as(order.name()).isEqualTo(inOrder.settled());
      assertThat(other.told).containsExactlyInAnyOrderElementsOf(inOrder.told);
    }
  }

  @Test
  void anEncryptedAlertIsKnownByItsLengthAndThatNothingFollows() {
    for (int length : new int[] {19, 35}) {
      Trace trace = simple();
      trace.add(true, encrypted(length));
      assertThat(trace.read().handshake.alertBy()).isEqualTo(Handshake.CLIENT);
      trace.add(true, encrypted(length));
      assertThat(trace.read().handshake.alertBy()).isEqualTo(Handshake.CLIENT);
      trace.add(true, encrypted(100));
      assertThat(trace.read().handshake.alertBy()).isEqualTo(Handshake.NOBODY);
      trace.add(false, encrypted(length));
      assertThat(trace.read().handshake.alertBy()).isEqualTo(Handshake.SERVER);
    }
    for (int length : new int[] {18, 20, 53, 69, 85}) {
      Trace trace = simple();
      trace.add(true, encrypted(length));
      assertThat(trace.read().handshake.alertBy()).isEqualTo(Handshake.NOBODY);
    }
  }

  @Test
  void earlyDataOfAnAlertsLengthIsNone() {
    Trace trace = new Trace();
    trace.add(true, bytes(RESUMING_CLIENT_HELLO));
    trace.add(true, encrypted(19));
    assertThat(trace.read().handshake.alertBy()).isEqualTo(Handshake.NOBODY);
  }

  @Test
  void theFirstFatalAlertCounts() {
    Trace trace = new Trace();
    trace.add(true, bytes(CLIENT_HELLO));
    // unrecognized_name as a warning (RFC 6066, 3), close_notify.
    trace.add(false, bytes("15030300020170" + "15030300020100"));
    assertThat(trace.read().handshake.alertBy()).isEqualTo(Handshake.NOBODY);
    trace.add(false, bytes("15030300020246"));
    trace.add(true, bytes("15030300020250"));
    Handshake handshake = trace.read().handshake;
    assertThat(handshake.alertBy()).isEqualTo(Handshake.SERVER);
    assertThat(handshake.alert()).isEqualTo("protocol_version");
    assertThat(handshake.after()).isEqualTo("client_hello");
  }

  /** RFC 5246, 6.2.1: a message may be cut in records anywhere, and a record hold several. */
  @Property(tries = 200)
  void messagesMayBeCutInRecordsAnywhere(@ForAll long seed) {
    Random random = new Random(seed);
    Trace trace = new Trace();
    for (Trace.Flight flight : retried().flights()) {
      trace.add(
          flight.client(),
          flight.bytes()[0] == 22 ? fragmented(flight.bytes(), random) : flight.bytes());
    }
    Reading reading = trace.read(Trace.Order.SENT, random);
    assertThat(reading.state()).isEqualTo(state(false));
    assertThat(reading.told).isEqualTo(retried().read().told);
  }

  private static byte[] fragmented(byte[] record, Random random) {
    StringBuilder hex = new StringBuilder();
    for (int at = 5; at < record.length; ) {
      int n = 1 + random.nextInt(Math.min(40, record.length - at));
      hex.append(String.format("160303%04x", n));
      hex.append(HexFormat.of().formatHex(record, at, at + n));
      at += n;
    }
    return bytes(hex.toString());
  }
}
