package io.httpaudit.instrument;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Queue;

/**
 * Netty's handler that lets one object through for each read that is asked for, and has the others
 * wait. Who asks for the next has perhaps just answered another request: so each is passed on in
 * the context in which it came, whatever it is, a whole request or a part.
 *
 * <p>Its event loop alone uses such a handler, and so what is known of it.
 */
final class NettyFlow implements Library {
  private static final String FLOW = "io/netty/handler/flow/FlowControlHandler";

  /** Stands for no context in a queue, which holds no null. */
  private static final Object NONE = new Object();

  private static final Property HANDLER = new Property("handler()");
  private static final Property QUEUE = new Property("queue");

  /** By handler: the contexts of what is in its queue, in its order. */
  private final ByIdentity<Queue<Object>> waiting = new ByIdentity<>();

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around(FLOW, "channelRead", "", new Comes()),
      Point.outside(FLOW, "dequeue", ""),
      Point.receives(FLOW, "dequeue", "fireChannelRead", new Passes()),
      // It is of all that were passed on: its receiver, submitted nowhere, has no context.
      Point.runsAt(FLOW, "", "", "fireChannelReadComplete"),
      Point.around(FLOW, "destroy", "()V", new Forgets())
    };
  }

  /**
   * Where some were in the queue before we were, or came unseen, nobody knows of any whose it is.
   *
   * @param taken how many fewer are in it than {@code contexts} should be
   */
  private static void agree(Queue<Object> contexts, Object handler, int taken) throws Throwable {
    int size = QUEUE.of(handler) instanceof Collection<?> queue ? queue.size() + taken : taken;
    if (contexts.size() != size) {
      contexts.clear();
      contexts.addAll(Collections.nCopies(size, NONE));
    }
  }

  /** An object is about to be put into the queue. */
  private final class Comes extends HttpAuditProbe {
    @Override
    public Object enter(Object handler, Object one, Object two) {
      try {
        Queue<Object> contexts = waiting.of(handler);
        if (contexts == null) {
          contexts = new ArrayDeque<>();
          waiting.add(handler, contexts);
        }
        agree(contexts, handler, 0);
        HttpAuditContext context = HttpAudit.current();
        contexts.add(context == null ? NONE : context);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }

  /** An object was taken out of the queue, and is about to be passed on. */
  private final class Passes extends HttpAuditProbe {
    @Override
    public Object enter(Object handlerContext, Object message, Object two) {
      Object context = null;
      try {
        // Where it is a part of another handler, it is that: nothing is known of it.
        Object handler = HANDLER.of(handlerContext);
        Queue<Object> contexts = waiting.of(handler);
        if (contexts != null) {
          agree(contexts, handler, 1);
          context = contexts.poll();
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      HttpAudit.replace(context instanceof HttpAuditContext known ? known : null);
      // It is passed on as ever.
      return null;
    }
  }

  /** The queue is emptied: of a connection that is gone nothing is kept. */
  private final class Forgets extends HttpAuditProbe {
    @Override
    public Object enter(Object handler, Object one, Object two) {
      waiting.remove(handler);
      return null;
    }
  }
}
