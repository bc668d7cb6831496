package io.httpaudit.stacks;

import java.util.LinkedHashMap;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Starts an application, as its main class would, and says its port. */
final class Boot {
  private Boot() {}

  /** With {@code beans} in its context. */
  static int start(Class<?> application, SSLContext tls, Object... beans) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("spring.main.banner-mode", "off");
    settings.put("logging.level.root", "error");
    settings.put("server.address", "127.0.0.1");
    settings.put("server.port", "0");
    settings.put("server.tomcat.max-keep-alive-requests", "-1");
    if (tls != null) {
      settings.put("server.ssl.key-store", Keys.storeOf(tls).toUri().toString());
      settings.put("server.ssl.key-store-password", Keys.PASSWORD);
    }
    ConfigurableApplicationContext context =
        new SpringApplicationBuilder(application)
            .properties(settings)
            .initializers(c -> add(beans, c.getBeanFactory()))
            // Else Tomcat connects to itself at the end, as a client: a server's cell has none.
            .registerShutdownHook(false)
            .run();
    return Integer.parseInt(context.getEnvironment().getProperty("local.server.port"));
  }

  private static void add(Object[] beans, ConfigurableListableBeanFactory factory) {
    for (Object bean : beans) {
      factory.registerSingleton(bean.getClass().getName(), bean);
    }
  }
}
