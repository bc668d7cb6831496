package io.httpaudit.correlate;

import io.httpaudit.flow.Endpoint;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A connection that never became an exchange, or ceased to carry any: a {@code connection} line.
 * Times as in {@link Exchange}.
 *
 * @param outcome {@code refused}, {@code timeout}, {@code reset}, {@code upgraded}, {@code http2},
 *     {@code closed_idle}, …
 * @param syns copies of the SYN seen
 * @param tls empty: plain TCP, or not known to be TLS
 * @param sslStart when the ClientHello was on the wire, of a connection this end made
 * @param sslEnd when the handshake ended, or failed
 * @param call whether a hooked call waited for it, and so a CLIENT span tells it
 */
public record ConnectionOutcome(
    Side side,
    Verdict verdict,
    Optional<Why> why,
    String outcome,
    long connection,
    Endpoint local,
    Endpoint peer,
    String interfaceName,
    Exchange.TraceIds trace,
    boolean call,
    long start,
    long end,
    long wallOffset,
    long syns,
    long outOffset,
    long outBytes,
    long inOffset,
    long inBytes,
    OptionalLong connectStart,
    OptionalLong connectEnd,
    OptionalLong sslStart,
    OptionalLong sslEnd,
    Optional<Tls> tls) {}
