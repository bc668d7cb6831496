package io.httpaudit.stacks;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.servlet.AsyncContext;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.api.ContentResponse;
import org.eclipse.jetty.client.util.BytesContentProvider;
import org.eclipse.jetty.client.util.InputStreamContentProvider;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.AbstractHandler;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.websocket.api.WebSocketAdapter;
import org.eclipse.jetty.websocket.server.WebSocketHandler;

public final class JettyStack implements Stack {
  static {
    System.setProperty("org.eclipse.jetty.util.log.class", "org.eclipse.jetty.util.log.StdErrLog");
    System.setProperty("org.eclipse.jetty.LEVEL", "OFF");
  }

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
    WebSocketHandler handler = new WebSocketHandler.Simple(Echo.class);
    handler.setHandler(new Answering(responder));
    server.setHandler(handler);
    server.start();
    return connector.getLocalPort();
  }

  /** Says whatever it hears. */
  public static final class Echo extends WebSocketAdapter {
    @Override
    public void onWebSocketText(String text) {
      getRemote().sendStringByFuture(text);
    }
  }

  private static final class Answering extends AbstractHandler {
    private final Responder responder;

    Answering(Responder responder) {
      this.responder = responder;
    }

    @Override
    public void handle(
        String target, Request of, HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      of.setHandled(true);
      if (Wanted.isAsync(target)) {
        AsyncContext later = request.startAsync();
        Daemons.elsewhere(
            () -> {
              answer(target, request, response);
              later.complete();
            });
      } else {
        answer(target, request, response);
      }
    }

    private void answer(String target, HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      byte[] body = request.getInputStream().readAllBytes();
      Answer answer;
      try {
        answer = responder.answer(request.getMethod(), target, request.getHeader("Sent"), body);
      } catch (Thrown e) {
        throw e;
      } catch (Exception e) {
        Daemons.fail(e);
        return;
      }
      response.setStatus(answer.status());
      if (answer.status() == 204) {
        return;
      }
      if (!answer.chunked()) {
        response.setContentLength(answer.length());
      }
      response.getOutputStream().write(answer.body());
      if (answer.chunked()) {
        response.flushBuffer();
      }
    }
  }

  @Override
  @SuppressWarnings("deprecation")
  public Client client(SSLContext tls) throws Exception {
    SslContextFactory.Client factory = new SslContextFactory.Client();
    if (tls != null) {
      factory.setSslContext(tls);
    }
    HttpClient client = new HttpClient(factory);
    client.start();
    return (uri, asked) -> {
      var request =
          client.newRequest(uri).method(asked.method()).header("Sent", "" + asked.bytes());
      if (asked.chunked()) {
        request.content(new InputStreamContentProvider(new ByteArrayInputStream(asked.body())));
      } else if (asked.hasBody()) {
        request.content(new BytesContentProvider(asked.body()));
      }
      if (asked.expects()) {
        request.header("Expect", "100-continue");
      }
      if (asked.timeout() > 0) {
        request.timeout(asked.timeout(), TimeUnit.MILLISECONDS);
      }
      ContentResponse response = request.send();
      asked.check(response.getStatus(), response.getContent());
    };
  }
}
