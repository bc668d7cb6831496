package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;
import java.nio.channels.Channel;

/**
 * Helidon 4's web server, HTTP/1.1: a virtual thread a connection reads each request, routes it,
 * and goes on to the next when its handler has returned.
 */
final class Helidon implements Library {
  private static final String CONNECTION = "io/helidon/webserver/http1/Http1Connection";

  private final Observer observer;
  private final Sockets sockets = new Sockets();
  private final Serving serving = new Serving();

  Helidon(Observer observer) {
    this.observer = observer;
  }

  @Override
  public Point[] points() {
    return new Point[] {
      Point.around(CONNECTION, "route", "", new Routed()),
      // Before 4.5 only what is routed has one.
      Point.around(CONNECTION, "createNoEntityRequest", "", new Upgrades()).orElsewhere()
    };
  }

  /** A connection's channel. */
  private static final class Sockets {
    private final Property context = new Property("ctx");
    private final Property socket = new Property("socket");

    /** Null: none of the JDK's. */
    Channel of(Object connection) throws Throwable {
      return socket.of(context.of(connection)) instanceof Channel open ? open : null;
    }
  }

  private final class Routed extends HttpAuditProbe {
    @Override
    public Object enter(Object connection, Object one, Object two) {
      HttpAuditContext context = null;
      try {
        Channel channel = sockets.of(connection);
        context = channel == null ? null : observer.handled(channel);
        serving.at(connection).begins(context);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return HttpAudit.replace(context);
    }

    @Override
    public void leave(
        Object before, Object connection, Object one, Object result, Throwable thrown) {
      try {
        serving.at(connection).next();
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      super.leave(before, connection, one, result, thrown);
    }
  }

  /**
   * An upgrade that is refused is answered without being routed: it is taken note of, so that it
   * isn't taken for the one that is routed next while it is still being written.
   */
  private final class Upgrades extends HttpAuditProbe {
    @Override
    public Object enter(Object connection, Object one, Object two) {
      try {
        Channel channel = serving.at(connection).begun ? null : sockets.of(connection);
        if (channel != null) {
          observer.handled(channel);
        }
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
      return null;
    }
  }
}
