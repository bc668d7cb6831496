package io.httpaudit.report;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Those that a test sets, until it ends. */
public final class SystemProperties implements AfterEachCallback {
  private final List<String> names = new ArrayList<>();

  public void set(String name, String value) {
    names.add(name);
    System.setProperty(name, value);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    names.forEach(System::clearProperty);
  }
}
