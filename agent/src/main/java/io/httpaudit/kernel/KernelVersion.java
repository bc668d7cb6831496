package io.httpaudit.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The running kernel's version, as far as it decides what can be done. */
public record KernelVersion(int major, int minor) {
  /** Of this machine; 0.0: not known. */
  public static KernelVersion running() {
    try {
      return of(
          new String(
              Files.readAllBytes(Path.of("/proc/sys/kernel/osrelease")),
              StandardCharsets.US_ASCII));
    } catch (IOException e) {
      return new KernelVersion(0, 0);
    }
  }

  /** {@code 6.1.0-18-cloud-amd64}. */
  static KernelVersion of(String release) {
    int[] numbers = new int[2];
    int part = 0;
    for (int i = 0; i < release.length(); i++) {
      char c = release.charAt(i);
      if (c >= '0' && c <= '9') {
        numbers[part] = numbers[part] * 10 + c - '0';
      } else if (c != '.' || ++part == 2) {
        break;
      }
    }
    return new KernelVersion(numbers[0], numbers[1]);
  }

  public boolean atLeast(int major, int minor) {
    return this.major > major || this.major == major && this.minor >= minor;
  }
}
