package io.httpaudit.agent;

import io.httpaudit.observe.Boot;
import io.httpaudit.report.Stderr;
import java.io.IOException;
import java.io.InputStream;
import java.lang.instrument.Instrumentation;

/** The agent's entry, on the main thread before {@code main}. */
public final class Agent {
  /** Where JAVA_TOOL_OPTIONS reaches, but no service runs. */
  private static final String[] TOOLS = {
    "jdk.jcmd/",
    "jdk.compiler/",
    "jdk.jartool/",
    "jdk.javadoc/",
    "jdk.jshell/",
    "jdk.jlink/",
    "jdk.jdeps/",
    "jdk.jstatd/",
    "jdk.jconsole/",
    "jdk.jpackage/",
    "sun.tools.",
    "com.sun.tools.",
    "org.codehaus.plexus.classworlds.launcher.Launcher",
    "org.apache.maven.wrapper.",
    "org.gradle.",
    "worker.org.gradle.",
    "org.apache.tools.ant.",
    "org.apache.maven.surefire.",
    "java.base/sun.security.tools.keytool",
    "sun.security.tools.",
    "org.jetbrains.jps.",
    "org.jetbrains.kotlin.",
  };

  private Agent() {}

  /** By reflection, from the launcher. */
  public static void start(String argument, Instrumentation instrumentation) throws Exception {
    Settings settings = Settings.of(argument);
    if (!settings.enabled() || leftAlone()) {
      return;
    }
    if (isHere()) {
      Stderr.line("httpaudit: already in this JVM; attaching it again changes nothing");
      return;
    }
    for (String complaint : settings.complaints()) {
      Stderr.line(complaint);
    }
    Boot.define(
        instrumentation,
        boot("HttpAuditSink"),
        boot("HttpAuditContext"),
        boot("HttpAuditProbe"),
        boot("HttpAuditVectors"),
        boot("HttpAuditTasks"),
        boot("HttpAuditTasks$Entry"),
        boot("HttpAuditTaskKinds$Kind"),
        boot("HttpAuditTaskKinds$Seen"),
        boot("HttpAuditTaskKinds$Running"),
        boot("HttpAuditTaskKinds$Started"),
        boot("HttpAuditTaskKinds"),
        boot("HttpAudit"));
    Wiring.start(settings, instrumentation);
  }

  private static boolean isHere() {
    try {
      Class.forName("java.lang.HttpAudit", false, null);
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private static byte[] boot(String name) throws IOException {
    String path = "boot/java/lang/".concat(name).concat(".class");
    try (InputStream in = Agent.class.getClassLoader().getResourceAsStream(path)) {
      if (in == null) {
        throw new IOException(path.concat(" is missing from the agent's jar"));
      }
      return in.readAllBytes();
    }
  }

  /** Whether the agent came by JAVA_TOOL_OPTIONS into a build tool or a tool of the JDK. */
  private static boolean leftAlone() {
    String options = System.getenv("JAVA_TOOL_OPTIONS");
    String command =
        System.getProperty("sun.java.command", System.getProperty("jdk.module.main", ""));
    if (options == null || !options.contains("httpaudit")) {
      return false;
    }
    for (String tool : TOOLS) {
      if (command.startsWith(tool)) {
        return true;
      }
    }
    return false;
  }

  /** What is left alone, for {@code doctor}. */
  public static String[] tools() {
    return TOOLS.clone();
  }
}
