package io.httpaudit.load.chain;

import io.httpaudit.load.Transport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.LogManager;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

/**
 * Tomcat, with one servlet that hands its work over in every way there is, and then calls the back.
 * Arguments: the ports of the back's servers. Says {@code ready} and the ports of its two
 * connectors, NIO and NIO2; after a line on its standard input {@code background} and how many
 * calls it made for nobody.
 */
public final class Front {
  private static final long FIRST_BACKGROUND = 3_000_000;

  private Front() {}

  public static void main(String[] arguments) throws Exception {
    // Some servlets throw.
    LogManager.getLogManager().reset();
    int[] ports = new int[arguments.length];
    for (int i = 0; i < ports.length; i++) {
      ports[i] = Integer.parseInt(arguments[i]);
    }
    BackCalls calls = new BackCalls(ports);
    Pools pools = new Pools();
    Connector[] connectors = {connector("Nio"), connector("Nio2")};
    start(new FrontServlet(calls, pools), connectors);
    System.out.println(
        "ready " + connectors[0].getLocalPort() + " " + connectors[1].getLocalPort());
    Background background =
        new Background(FIRST_BACKGROUND, calls::call)
            .in(Runnable::run)
            .in(pools.pool)
            .in(pools.forkJoin)
            .in(pools.scheduled)
            .in(pools.virtual)
            .in(pools.own)
            .in(connectors[0].getProtocolHandler().getExecutor())
            .in(connectors[1].getProtocolHandler().getExecutor());
    background.start();
    System.in.read();
    System.out.println("background " + background.end());
    pools.end();
    System.exit(0);
  }

  private static Connector connector(String kind) {
    Connector connector = new Connector("org.apache.coyote.http11.Http11" + kind + "Protocol");
    connector.setPort(0);
    connector.setProperty("address", "127.0.0.1");
    connector.setProperty("maxThreads", "80");
    connector.setProperty("acceptCount", "500");
    connector.setProperty("maxKeepAliveRequests", "-1");
    return Transport.OWN.configure(connector);
  }

  private static void start(FrontServlet servlet, Connector[] connectors) throws Exception {
    Tomcat tomcat = new Tomcat();
    Path folder = Files.createTempDirectory("chain-front");
    folder.toFile().deleteOnExit();
    tomcat.setBaseDir(folder.toString());
    for (Connector connector : connectors) {
      tomcat.getService().addConnector(connector);
    }
    Context context = tomcat.addContext("", folder.toString());
    Wrapper wrapper = Tomcat.addServlet(context, "front", servlet);
    wrapper.setAsyncSupported(true);
    context.addServletMapping("/front/*", "front");
    tomcat.start();
  }
}
