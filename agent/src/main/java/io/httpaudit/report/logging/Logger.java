package io.httpaudit.report.logging;

import java.util.function.Supplier;

/**
 * Stands in for {@code java.util.logging.Logger} in the libraries that the agent brings: to start
 * the JDK's LogManager is the application's business, and what is logged there would end up among
 * its own lines. Says nothing: what a user must know of an exporter, report/ says itself.
 */
public class Logger {
  public static final String GLOBAL_LOGGER_NAME = "global";

  private static final Logger SILENT = new Logger();

  protected Logger() {}

  public static Logger getLogger(String name) {
    return SILENT;
  }

  public String getName() {
    return "";
  }

  public Level getLevel() {
    return Level.OFF;
  }

  public boolean isLoggable(Level level) {
    return false;
  }

  public void log(Level level, String message) {}

  public void log(Level level, String message, Object parameter) {}

  public void log(Level level, String message, Object[] parameters) {}

  public void log(Level level, String message, Throwable cause) {}

  public void log(Level level, Supplier<String> message) {}

  public void log(Level level, Throwable cause, Supplier<String> message) {}

  public void severe(String message) {}

  public void warning(String message) {}

  public void info(String message) {}

  public void config(String message) {}

  public void fine(String message) {}

  public void finer(String message) {}

  public void finest(String message) {}
}
