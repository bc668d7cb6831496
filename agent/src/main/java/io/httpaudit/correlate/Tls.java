package io.httpaudit.correlate;

import java.util.Optional;

/**
 * What a connection's TLS handshake settled, as its clear part (RFC 5246, 7.4.1; RFC 8446, 4.1) or
 * the JVM's engine says; what is empty is not known. Immutable.
 *
 * @param version {@code 1.2}, {@code 1.3}
 * @param cipher the suite's IANA name
 * @param serverName the name that the client asked for (RFC 6066, 3)
 * @param alpn the protocol chosen (RFC 7301)
 * @param resumed whether an earlier session was
 * @param failure empty: none
 */
public record Tls(
    String version,
    String cipher,
    String serverName,
    String alpn,
    Optional<Boolean> resumed,
    Optional<Failure> failure) {

  /**
   * Why no application data could ever be sent.
   *
   * @param alert the fatal alert's name as in RFC 8446, 6.2: {@code unknown_ca}; empty: none was
   *     seen, or it was encrypted and nobody told
   * @param by {@code local} or {@code peer}: who sent it, or else who closed first; empty: unknown
   * @param after the last handshake message that was seen in the clear: {@code client_hello},
   *     {@code server_hello}, …, {@code change_cipher_spec}, behind which all are encrypted
   */
  public record Failure(String alert, String by, String after) {}
}
