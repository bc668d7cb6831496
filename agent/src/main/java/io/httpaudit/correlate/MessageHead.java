package io.httpaudit.correlate;

/**
 * The head of a request or of a final response, with what the parser proved about where it ends.
 * Times are nanoseconds of {@link System#nanoTime()}: of the call's entry for bytes written, of its
 * exit for bytes read.
 *
 * @param request or else a response
 * @param index of the message in its direction, from 0; the response of a request has its index
 * @param offset stream position of the message's first byte (of a response: of its first 1xx)
 * @param finalOffset stream position of the final response's first byte; for a request, {@code
 *     offset}
 * @param headEnd stream position behind the head
 * @param expectedEnd stream position behind the message where the head alone proves it
 *     (Content-Length, no body), else -1
 * @param first when its first byte was moved
 * @param finalFirst when the final response's first byte was moved
 * @param method empty for a response
 * @param status 0 for a request
 * @param minor of HTTP/1.x
 * @param parent id of the caller's span, as the request carries it; 0: none, and then what follows
 *     says nothing. Of a request that this JVM sent, perhaps that of the very span
 * @param state {@code tracestate}, or empty
 */
public record MessageHead(
    boolean request,
    long index,
    long offset,
    long finalOffset,
    long headEnd,
    long expectedEnd,
    long first,
    long finalFirst,
    String method,
    String target,
    String host,
    int status,
    int minor,
    long parent,
    long traceHigh,
    long traceLow,
    boolean sampled,
    String state) {}
