package io.httpaudit.agent;

import java.io.IOException;
import java.util.jar.JarFile;
import java.util.jar.Manifest;

/**
 * OpenTelemetry's agent on this JVM's command line. Ours first, it takes seconds to come up; theirs
 * first, its classes are woven after the kernel side is up. What is asked meanwhile is its to tell.
 */
final class OpenTelemetryAgent {
  private static final String OPTION = "-javaagent:";
  private static final String ENTRY = "io.opentelemetry.javaagent.OpenTelemetryAgent";

  private OpenTelemetryAgent() {}

  /** Whether it is there, and nobody has switched it off. */
  static boolean isComing() {
    String[] arguments = HttpAudit.jvmArguments();
    if (arguments == null || !isOn("otel.javaagent.enabled", "OTEL_JAVAAGENT_ENABLED")) {
      return false;
    }
    for (String argument : arguments) {
      if (argument.startsWith(OPTION) && isOpenTelemetrys(argument.substring(OPTION.length()))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOn(String property, String variable) {
    String value = System.getProperty(property, System.getenv(variable));
    return value == null || !value.equals("false");
  }

  private static boolean isOpenTelemetrys(String agent) {
    int options = agent.indexOf('=');
    try (JarFile jar = new JarFile(options < 0 ? agent : agent.substring(0, options))) {
      Manifest manifest = jar.getManifest();
      return manifest != null
          && ENTRY.equals(manifest.getMainAttributes().getValue("Premain-Class"));
    } catch (IOException e) {
      return false;
    }
  }
}
