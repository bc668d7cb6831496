package io.httpaudit.it.oracle;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
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
    List<String> command = new ArrayList<>(List.of("tshark", "-n", "-Q", "-Y", "tls"));
    command.addAll(List.of("-r", capture.toString(), "-o", "tls.keylog_file:" + keys));
    command.addAll(List.of("--disable-protocol", "http", "--disable-protocol", "http2"));
    // Else what the network lost, and what came behind that, is not decrypted.
    command.addAll(List.of("-o", "tcp.reassemble_out_of_order:TRUE"));
    // Else a port that is some other protocol's is read as that.
    command.addAll(List.of("-d", "tcp.port==1-65535,tls"));
    command.addAll(List.of("-T", "fields", "-E", "occurrence=a", "-E", "separator=/t"));
    FIELDS.forEach(field -> command.addAll(List.of("-e", field)));
    try {
      Process tshark = new ProcessBuilder(command).start();
      try (BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(tshark.getInputStream(), StandardCharsets.US_ASCII), 1 << 20)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          decryption.frame(line.split("\t", -1));
        }
      }
      String said = new String(tshark.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
      if (tshark.waitFor() != 0) {
        throw new IllegalStateException("tshark can't decrypt " + capture + ": " + said);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
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
