package io.httpaudit.stacks;

import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.eclipse.jetty.client.ByteBufferRequestContent;
import org.eclipse.jetty.client.ContentResponse;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.InputStreamRequestContent;
import org.eclipse.jetty.client.transport.HttpClientTransportOverHTTP;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

public final class JettyStack implements Stack {
  @Override
  public int serve(SSLContext tls, Responder responder) throws Exception {
    Server server = new Server();
    HttpConnectionFactory http = new HttpConnectionFactory();
    ServerConnector connector;
    if (tls == null) {
      connector = new ServerConnector(server, http);
    } else {
      SslContextFactory.Server factory = new SslContextFactory.Server();
      factory.setSslContext(tls);
      connector = new ServerConnector(server, factory, http);
    }
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    WebSocketUpgradeHandler handler =
        WebSocketUpgradeHandler.from(
            server,
            container -> container.addMapping("/*", (request, response, callback) -> new Echo()));
    handler.setHandler(new Answering(responder));
    server.setHandler(handler);
    server.start();
    return connector.getLocalPort();
  }

  /** Says whatever it hears. */
  public static final class Echo extends Session.Listener.AbstractAutoDemanding {
    @Override
    public void onWebSocketText(String text) {
      getSession().sendText(text, org.eclipse.jetty.websocket.api.Callback.NOOP);
    }
  }

  private static final class Answering extends Handler.Abstract {
    private final Responder responder;

    Answering(Responder responder) {
      this.responder = responder;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
      if (Wanted.isAsync(Request.getPathInContext(request))) {
        Daemons.elsewhere(() -> answer(request, response, callback));
      } else {
        answer(request, response, callback);
      }
      return true;
    }

    private void answer(Request request, Response response, Callback callback) throws Exception {
      ByteBuffer whole = Content.Source.asByteBuffer(request);
      byte[] body = new byte[whole.remaining()];
      whole.get(body);
      Answer answer =
          responder.answer(
              request.getMethod(),
              Request.getPathInContext(request),
              request.getHeaders().get("Sent"),
              body);
      response.setStatus(answer.status());
      if (!answer.chunked() && answer.status() != 204) {
        response.getHeaders().put("Content-Length", answer.length());
      }
      if (answer.chunked()) {
        // The head goes out before it is known how long the body is.
        int half = answer.body().length / 2;
        response.write(
            false,
            ByteBuffer.wrap(answer.body(), 0, half),
            Callback.from(
                () ->
                    response.write(
                        true,
                        ByteBuffer.wrap(answer.body(), half, answer.body().length - half),
                        callback),
                callback::failed));
      } else {
        response.write(true, ByteBuffer.wrap(answer.body()), callback);
      }
    }
  }

  @Override
  public Client client(SSLContext tls) throws Exception {
    ClientConnector connector = new ClientConnector();
    if (tls != null) {
      SslContextFactory.Client factory = new SslContextFactory.Client();
      factory.setSslContext(tls);
      connector.setSslContextFactory(factory);
    }
    HttpClient client = new HttpClient(new HttpClientTransportOverHTTP(connector));
    client.start();
    return (uri, asked) -> {
      var request =
          client.newRequest(uri).method(asked.method()).headers(h -> h.put("Sent", asked.bytes()));
      if (asked.chunked()) {
        request.body(new InputStreamRequestContent(new ByteArrayInputStream(asked.body())));
      } else if (asked.hasBody()) {
        request.body(new ByteBufferRequestContent(ByteBuffer.wrap(asked.body())));
      }
      if (asked.expects()) {
        request.headers(h -> h.put("Expect", "100-continue"));
      }
      if (asked.timeout() > 0) {
        request.timeout(asked.timeout(), TimeUnit.MILLISECONDS);
      }
      ContentResponse response = request.send();
      asked.check(response.getStatus(), response.getContent());
    };
  }
}
