package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;

/**
 * Netty 4.1 and 4.2, as a server of HTTP/1.x: whatever decodes the bytes passes on what came of
 * them, one object after the other, to the handlers behind it. While it does that, the thread has
 * the context of the request that the object is, or is a part of; then again what it had before.
 */
final class Netty implements Library {
  private static final String DECODER = "io/netty/handler/codec/ByteToMessageDecoder";

  private final Observer observer;

  Netty(Observer observer) {
    this.observer = observer;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around(DECODER, "fireChannelRead", "", new Batch()),
      Point.receives(DECODER, "fireChannelRead", "fireChannelRead", new Passes(observer))
    };
  }

  /** What came of one piece of bytes is passed on: behind it nothing of that is left. */
  private static final class Batch extends HttpAuditProbe {
    @Override
    public Object enter(Object self, Object one, Object two) {
      return HttpAudit.current();
    }

    @Override
    public void leave(Object before, Object self, Object one, Object result, Throwable thrown) {
      HttpAudit.replace((HttpAuditContext) before);
    }
  }

  /** One object is about to be passed on. */
  private static final class Passes extends HttpAuditProbe {
    private final Observer observer;

    Passes(Observer observer) {
      this.observer = observer;
    }

    @Override
    public Object enter(Object handlerContext, Object message, Object two) {
      HttpAuditContext context = null;
      try {
        NettyClasses netty = NettyClasses.ofMessage(message);
        if (netty == null) {
          return null;
        }
        int fd = netty.descriptor(handlerContext);
        if (!observer.serves(fd)) {
          return null;
        }
        if (netty.isRequest(message)) {
          context = observer.decoded(fd, message, netty.target(message));
        }
        if (netty.isContent(message)) {
          context = observer.decoding(fd, netty.isLast(message));
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
        context = null;
      }
      HttpAudit.replace(context);
      // It is passed on as ever.
      return null;
    }
  }
}
