package io.httpaudit.it;

import java.util.List;

/** What others see of a program that ended. */
record Outcome(int exit, List<String> output, List<String> errors) {
  static Outcome of(Jvm jvm) {
    int exit = jvm.await();
    return new Outcome(exit, jvm.stdout().lines().toList(), jvm.stderr().lines().toList());
  }

  /** Without the agent's own lines on standard error. */
  Outcome withoutOurs() {
    return new Outcome(
        exit, output, errors.stream().filter(line -> !line.startsWith("httpaudit")).toList());
  }

  List<String> ours() {
    return errors.stream().filter(line -> line.startsWith("httpaudit")).toList();
  }
}
