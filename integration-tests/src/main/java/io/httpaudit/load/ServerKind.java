package io.httpaudit.load;

import java.net.InetAddress;
import java.util.Locale;

/** The servers there are. */
enum ServerKind {
  SOCKET,
  CHANNEL,
  SELECTOR,
  AIO,
  VIRTUAL,
  JDK,
  TOMCAT,
  TOMCAT_NIO2;

  /** Whether it is ours, and does all that a {@link Script} may ask for. */
  boolean scripted() {
    return ordinal() < JDK.ordinal();
  }

  boolean canReset() {
    return scripted() && this != AIO;
  }

  Server start(InetAddress bind, PatternFile file) throws Exception {
    switch (this) {
      case SOCKET:
        return new BlockingServer(false, false, bind, file);
      case VIRTUAL:
        return new BlockingServer(false, true, bind, file);
      case CHANNEL:
        return new BlockingServer(true, false, bind, file);
      case SELECTOR:
        return new SelectorServer(bind, file);
      case AIO:
        return new AioServer(bind, file);
      case JDK:
        return new JdkServer(bind);
      default:
        return new TomcatServer(this == TOMCAT_NIO2, bind, file);
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static ServerKind of(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
  }
}
