package io.httpaudit.report;

import io.httpaudit.report.HttpConnection.Part;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.export.HttpResponse;
import io.opentelemetry.sdk.common.export.HttpSender;
import io.opentelemetry.sdk.common.export.HttpSenderConfig;
import io.opentelemetry.sdk.common.export.MessageWriter;
import io.opentelemetry.sdk.common.export.RetryPolicy;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;

/**
 * Posts the exporter's messages over one connection that is kept alive, on the caller's thread: the
 * JDK's client would start threads, under names that shift the application's own, and a connection
 * of its is audited like any. Answers before {@code send} returns.
 *
 * <p>An interrupted thread tries once, and waits for nothing: that is how the JVM's end hurries it.
 */
final class OtlpSender implements HttpSender {
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int BAD_GATEWAY = 502;
  private static final int GATEWAY_TIMEOUT = 504;

  /** No longer pause is taken on a collector's word. */
  private static final long LONGEST_PAUSE_MILLIS = 30_000;

  private final HttpSenderConfig config;
  private HttpConnection connection;

  OtlpSender(HttpSenderConfig config) {
    this.config = config;
  }

  @Override
  public void send(
      MessageWriter writer, Consumer<HttpResponse> onResponse, Consumer<Throwable> onError) {
    HttpReply reply;
    try {
      ByteArrayOutputStream message = new ByteArrayOutputStream(writer.getContentLength());
      writer.writeMessage(message);
      reply = post(List.of(new Part(message.toByteArray(), message.size())));
    } catch (IOException | RuntimeException e) {
      onError.accept(e);
      return;
    }
    onResponse.accept(reply);
  }

  /** Posts the parts as one message, as often as need be; the answer is the last one's. */
  HttpReply post(List<Part> message) throws IOException {
    List<Part> body = config.getCompressor() == null ? message : compressed(message);
    return post(head(length(body)), body);
  }

  /** Posts a message of nothing, once. */
  HttpReply postNothing() throws IOException {
    List<Part> body = config.getCompressor() == null ? List.of() : compressed(List.of());
    return once(head(length(body)), body);
  }

  private static int length(List<Part> body) {
    return body.stream().mapToInt(Part::length).sum();
  }

  private List<Part> compressed(List<Part> message) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (OutputStream out = config.getCompressor().compress(body)) {
      for (Part part : message) {
        out.write(part.bytes(), 0, part.length());
      }
    }
    return List.of(new Part(body.toByteArray(), body.size()));
  }

  private byte[] head(int length) {
    String path = config.getEndpoint().getRawPath();
    StringBuilder head = new StringBuilder("POST ");
    head.append(path == null || path.isEmpty() ? "/" : path).append(" HTTP/1.1\r\n");
    String authority = config.getEndpoint().getRawAuthority();
    header(head, "Host", authority.substring(authority.lastIndexOf('@') + 1));
    header(head, "Content-Type", config.getContentType());
    header(head, "Content-Length", Integer.toString(length));
    if (config.getCompressor() != null) {
      header(head, "Content-Encoding", config.getCompressor().getEncoding());
    }
    for (Map.Entry<String, List<String>> header : config.getHeadersSupplier().get().entrySet()) {
      for (String value : header.getValue()) {
        header(head, header.getKey(), value);
      }
    }
    return head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  /** What would end the line would begin another header. */
  private static void header(StringBuilder head, String name, String value) {
    if (name.indexOf('\n') < 0 && value.indexOf('\n') < 0 && value.indexOf('\r') < 0) {
      head.append(name).append(": ").append(value).append("\r\n");
    }
  }

  /** As often as the exporter's policy has it. */
  private HttpReply post(byte[] head, List<Part> body) throws IOException {
    RetryPolicy policy = config.getRetryPolicy();
    int attempts = policy == null ? 1 : policy.getMaxAttempts();
    double pause = policy == null ? 0 : policy.getInitialBackoff().toMillis();
    for (int attempt = 1; ; attempt++) {
      boolean last = attempt >= attempts || Thread.currentThread().isInterrupted();
      long wanted = 0;
      try {
        HttpReply reply = once(head, body);
        if (last || !mayPass(reply.getStatusCode())) {
          return reply;
        }
        wanted = reply.retryAfterMillis();
      } catch (IOException e) {
        if (last || !mayPass(policy, e)) {
          throw e;
        }
      }
      // Not all clients of a collector that comes back at the same moment.
      long jittered = (long) (pause * ThreadLocalRandom.current().nextDouble(0.8, 1.2));
      sleep(Math.min(LONGEST_PAUSE_MILLIS, Math.max(wanted, jittered)));
      pause = Math.min(pause * policy.getBackoffMultiplier(), policy.getMaxBackoff().toMillis());
    }
  }

  /** OTLP's specification, "Retryable Response Codes"; 500 is none. */
  private static boolean mayPass(int status) {
    return status == TOO_MANY_REQUESTS || status >= BAD_GATEWAY && status <= GATEWAY_TIMEOUT;
  }

  /**
   * Not what was sent whole and not answered in time: it may have arrived, and spans must not come
   * twice.
   */
  private static boolean mayPass(RetryPolicy policy, IOException e) {
    if (policy.getRetryExceptionPredicate() != null) {
      return policy.getRetryExceptionPredicate().test(e);
    }
    return !(e instanceof SocketTimeoutException || e instanceof SSLException);
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * A connection that was kept may have ended meanwhile, before it took anything: then by another
   * one.
   */
  private HttpReply once(byte[] head, List<Part> body) throws IOException {
    if (connection != null) {
      try {
        return exchange(head, body);
      } catch (HttpConnection.EndedException e) {
        closeConnection();
      }
    }
    connection = new HttpConnection(config);
    return exchange(head, body);
  }

  private HttpReply exchange(byte[] head, List<Part> body) throws IOException {
    boolean kept = false;
    try {
      HttpReply reply = connection.exchange(head, body);
      kept = reply.keepsAlive();
      return reply;
    } finally {
      if (!kept) {
        closeConnection();
      }
    }
  }

  private void closeConnection() {
    if (connection != null) {
      connection.close();
      connection = null;
    }
  }

  @Override
  public CompletableResultCode shutdown() {
    closeConnection();
    return CompletableResultCode.ofSuccess();
  }
}
