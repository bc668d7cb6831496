package io.httpaudit.it.oracle;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What tshark decrypts of a capture with the session keys of one end: of each direction the records
 * in their order, and what the handshake says. Where each of them lies in the TCP stream is not
 * taken from tshark: the stream's own record headers say it.
 *
 * <p>tshark's dissector of HTTP is off, so that each record's plaintext is a field of its own.
 */
public final class Decryption {
  private static final List<String> FIELDS =
      List.of(
          "ip.src",
          "ip.dst",
          "tcp.srcport",
          "tcp.dstport",
          "tls.record.content_type",
          "tls.record.length",
          "data.data",
          "tls.handshake.type",
          "tls.handshake.version",
          "tls.handshake.extensions.supported_version",
          "tls.handshake.ciphersuite",
          "tls.handshake.extensions_server_name",
          "tls.handshake.extensions_alpn_str");

  /** Of a record. */
  record Row(int content, int length, byte[] plaintext) {}

  private final Map<String, List<Row>> rows = new HashMap<>();
  private final Map<String, Settled> handshakes = new HashMap<>();

  private final Map<Integer, Integer> messages = new HashMap<>();

  private Decryption() {}

  /**
   * @param keys as {@code SSLKEYLOGFILE} has them
   */
  public static Decryption of(Path capture, Path keys) {
    Decryption decryption = new Decryption();
    List<String> options =
        List.of(
            "-o",
            "tls.keylog_file:" + keys,
            // Else what the network lost, and what came behind that, is not decrypted.
            "-o",
            "tcp.reassemble_out_of_order:TRUE",
            // Else a port that is some other protocol's is read as that.
            "-d",
            "tcp.port==1-65535,tls");
    Tshark.read(
        capture, "tls", options, "a", FIELDS, line -> decryption.frame(line.split("\t", -1)));
    return decryption;
  }

  private void frame(String[] f) {
    String from = f[0] + ":" + f[2];
    String to = f[1] + ":" + f[3];
    for (String type : values(f[7])) {
      messages.merge(Integer.parseInt(type), 1, Integer::sum);
    }
    if (f[7].matches("1|1,.*")) {
      handshakes.computeIfAbsent(from + "→" + to, key -> new Settled()).hello(f[11]);
    } else if (handshakes.containsKey(to + "→" + from)) {
      handshakes.get(to + "→" + from).answer(values(f[7]), f[8], f[9], f[10], f[12]);
    }
    String[] contents = values(f[4]);
    String[] lengths = values(f[5]);
    String[] data = values(f[6]);
    if (contents.length != lengths.length) {
      throw new IllegalStateException("not decrypted: " + String.join(" ", f));
    }
    List<Row> direction = rows.computeIfAbsent(from + "→" + to, key -> new ArrayList<>());
    int used = 0;
    for (int i = 0; i < contents.length; i++) {
      int content = Integer.parseInt(contents[i]);
      byte[] plaintext =
          content == TlsRecord.DATA ? Capture.bytes(data[used++]) : TlsRecord.NOTHING;
      direction.add(new Row(content, Integer.parseInt(lengths[i]), plaintext));
    }
    if (used != data.length) {
      throw new IllegalStateException("data of no record: " + String.join(" ", f));
    }
  }

  /** How many handshake messages of this type were on the wire, encrypted or not. */
  public int messages(int type) {
    return messages.getOrDefault(type, 0);
  }

  private static String[] values(String field) {
    return field.isEmpty() ? new String[0] : field.split(",");
  }

  /** Of the direction from one end to the other. */
  List<Row> rows(String from, String to) {
    return rows.getOrDefault(from + "→" + to, List.of());
  }

  Settled settled(String client, String server) {
    return handshakes.get(client + "→" + server);
  }
}
