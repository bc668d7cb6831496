package io.httpaudit.stacks;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.RequestOptions;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.common.stream.StreamMessage;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.websocket.WebSocketService;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;

/** Requests are answered by its executor for what blocks. */
public class ArmeriaStack implements Stack {
  public ArmeriaStack() {
    this("nio");
  }

  ArmeriaStack(String transport) {
    System.setProperty("com.linecorp.armeria.transportType", transport);
  }

  @Override
  public int serve(SSLContext tls, Responder responder) throws Exception {
    ServerBuilder builder = Server.builder();
    if (tls == null) {
      builder.port(new InetSocketAddress("127.0.0.1", 0), SessionProtocol.HTTP);
    } else {
      builder
          .port(new InetSocketAddress("127.0.0.1", 0), SessionProtocol.HTTPS)
          .tls(Keys.keys(Keys.storeOf(tls)))
          .tlsCustomizer(
              context ->
                  context.applicationProtocolConfig(
                      io.netty.handler.ssl.ApplicationProtocolConfig.DISABLED));
    }
    Server server =
        builder
            .maxRequestLength(1 << 20)
            .serviceUnder(
                "/",
                WebSocketService.builder((context, said) -> said)
                    .fallbackService((context, request) -> take(context, request, responder))
                    .build())
            .build();
    server.start().join();
    return server.activeLocalPort();
  }

  private static HttpResponse take(
      ServiceRequestContext context, HttpRequest request, Responder responder) {
    return HttpResponse.of(
        request
            .aggregate()
            .thenApplyAsync(whole -> answer(whole, responder), context.blockingTaskExecutor()));
  }

  private static HttpResponse answer(AggregatedHttpRequest request, Responder responder) {
    Answer answer;
    try {
      answer =
          responder.answer(
              request.method().name(),
              request.path(),
              request.headers().get("sent"),
              request.content().array());
    } catch (Thrown e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    ResponseHeadersBuilder head = ResponseHeaders.builder(answer.status());
    if (answer.status() == 204) {
      return HttpResponse.of(head.build());
    }
    if (answer.chunked()) {
      HttpResponseWriter response = HttpResponse.streaming();
      response.write(head.build());
      response.write(HttpData.wrap(answer.body()));
      response.close();
      return response;
    }
    head.contentLength(answer.length());
    return HttpResponse.of(head.build(), HttpData.wrap(answer.body()));
  }

  @Override
  public Client client(SSLContext tls) {
    ClientFactory factory =
        tls == null
            ? ClientFactory.ofDefault()
            : ClientFactory.builder()
                .tlsCustomizer(context -> context.trustManager(Keys.trusted()))
                .build();
    Map<URI, WebClient> clients = new ConcurrentHashMap<>();
    SessionProtocol protocol = tls == null ? SessionProtocol.H1C : SessionProtocol.H1;
    return (uri, asked) -> {
      WebClient client =
          clients.computeIfAbsent(
              uri.resolve("/"),
              base ->
                  WebClient.builder(protocol.uriText() + "://" + base.getAuthority())
                      .factory(factory)
                      .followRedirects()
                      .build());
      RequestHeadersBuilder head =
          RequestHeaders.builder(HttpMethod.valueOf(asked.method()), uri.getPath())
              .add("sent", "" + asked.bytes());
      if (asked.expects()) {
        head.add("expect", "100-continue");
      }
      HttpRequest request =
          asked.chunked()
              ? HttpRequest.of(head.build(), StreamMessage.of(HttpData.wrap(asked.body())))
              : HttpRequest.of(head.build(), HttpData.wrap(asked.body()));
      AggregatedHttpResponse response =
          client
              .execute(
                  request, RequestOptions.builder().responseTimeoutMillis(asked.timeout()).build())
              .aggregate()
              .join();
      asked.check(response.status().code(), response.content().array());
    };
  }
}
