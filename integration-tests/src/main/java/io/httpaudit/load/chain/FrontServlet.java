package io.httpaudit.load.chain;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Does what the path asks for. */
final class FrontServlet extends HttpServlet {
  private static final long serialVersionUID = 1;

  private final transient BackCalls calls;
  private final transient Pools pools;
  private final transient Waiting waiting;

  FrontServlet(BackCalls calls, Pools pools) {
    this.calls = calls;
    this.pools = pools;
    waiting = new Waiting(calls, pools);
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException, ServletException {
    Ask ask = Ask.of(request.getRequestURI());
    if (request.getDispatcherType() == DispatcherType.REQUEST
        && ask.handOff() != HandOff.ASYNC_READ) {
      request.getInputStream().readAllBytes();
    }
    switch (ask.handOff()) {
      case ASYNC_EXECUTE:
        AsyncContext executed = request.startAsync();
        pools.pool.execute(() -> callAndComplete(ask, executed));
        break;
      case ASYNC_START:
        AsyncContext started = request.startAsync();
        started.start(() -> callAndComplete(ask, started));
        break;
      case ASYNC_DISPATCH:
        if (request.getDispatcherType() == DispatcherType.REQUEST) {
          AsyncContext dispatched = request.startAsync();
          pools.pool.execute(dispatched::dispatch);
        } else {
          calls.call(ask);
          answer(ask, response);
        }
        break;
      case ASYNC_COMPOSE:
        AsyncContext composed = request.startAsync();
        calls
            .callAsync(ask)
            .thenCompose(first -> calls.callAsync(ask.call(1)))
            .whenComplete((done, thrown) -> complete(ask, composed, thrown));
        break;
      case ASYNC_READ:
        AsyncContext read = request.startAsync();
        request
            .getInputStream()
            .setReadListener(new Reading(request, () -> callAndComplete(ask, read)));
        break;
      case ASYNC_TIMEOUT:
        AsyncContext late = request.startAsync();
        late.setTimeout(1);
        late.addListener(new OnTimeout(() -> callAndComplete(ask, late)));
        break;
      case THROWS:
        calls.call(ask);
        throw new ServletException("as asked");
      default:
        try {
          waiting.handle(ask);
        } catch (Exception e) {
          e.printStackTrace();
          throw new ServletException(e);
        }
        answer(ask, response);
    }
  }

  private void callAndComplete(Ask ask, AsyncContext context) {
    try {
      calls.call(ask);
      complete(ask, context, null);
    } catch (IOException e) {
      complete(ask, context, e);
    }
  }

  private static void complete(Ask ask, AsyncContext context, Throwable thrown) {
    try {
      HttpServletResponse response = (HttpServletResponse) context.getResponse();
      if (thrown == null) {
        answer(ask, response);
      } else {
        thrown.printStackTrace();
        response.setStatus(500);
      }
    } catch (IOException e) {
      // Its client is gone.
    }
    context.complete();
  }

  /** Chunked, each other one, but to those who read by hand. */
  private static void answer(Ask ask, HttpServletResponse response) throws IOException {
    String body = ask.answer();
    if (ask.id() < Adversary.FIRST_ID && ask.id() % 2 == 0) {
      response.flushBuffer();
    } else {
      response.setContentLength(body.length());
    }
    response.getWriter().write(body);
  }
}
