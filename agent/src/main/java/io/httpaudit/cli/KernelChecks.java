package io.httpaudit.cli;

import io.httpaudit.capture.ClockCheck;
import io.httpaudit.kernel.BpfObject;
import io.httpaudit.kernel.KernelException;
import io.httpaudit.kernel.KernelVersion;
import io.httpaudit.kernel.Libc;
import io.httpaudit.kernel.LockedMemory;
import io.httpaudit.kernel.PacketSocket;
import io.httpaudit.kernel.Rights;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What {@code doctor} asks of the kernel. */
final class KernelChecks {
  private static final String RIGHTS =
      "Docker: --cap-add NET_RAW --cap-add BPF; Kubernetes: securityContext.capabilities.add [NET_RAW, BPF] with runAsUser 0"
          + " (a non-root user is given none); systemd: AmbientCapabilities=CAP_NET_RAW CAP_BPF";

  /** Bytes of the attached filter that are charged to net.core.optmem_max, with room to spare. */
  private static final long FILTER_SIZE = 20_480;

  private static final long OPEN_FILES = 1_024;

  private final KernelVersion kernel = KernelVersion.running();

  List<Check> all() {
    List<Check> checks = new ArrayList<>();
    checks.add(version());
    Check libc = nativeCalls();
    checks.add(libc);
    Check rights = rights();
    checks.add(rights);
    checks.add(seccomp());
    if (libc.level() == Check.Level.OK && rights.level() == Check.Level.OK) {
      checks.add(bpf());
    }
    checks.add(lockedMemory());
    checks.add(optmem());
    checks.add(openFiles());
    return checks;
  }

  private Check version() {
    String release = System.getProperty("os.name") + " " + System.getProperty("os.version");
    return kernel.atLeast(5, 8)
        ? Check.ok("kernel", release)
        : Check.fail("kernel", release, "the filter needs Linux 5.8 or newer");
  }

  private static Check nativeCalls() {
    try {
      Libc.load();
      return Check.ok(
          "native",
          "calls work; the library was loaded from " + System.getProperty("java.io.tmpdir"));
    } catch (KernelException e) {
      return Check.fail("native", String.valueOf(e.getMessage()), "");
    }
  }

  private static Check rights() {
    try {
      String lacking = Rights.lacking();
      return lacking.isEmpty()
          ? Check.ok("rights", "CAP_NET_RAW and CAP_BPF")
          : Check.fail(
              "rights",
              lacking + (lacking.contains(" and ") ? " are" : " is") + " missing",
              RIGHTS);
    } catch (KernelException e) {
      return Check.fail("rights", String.valueOf(e.getMessage()), "mount /proc");
    }
  }

  private static Check seccomp() {
    String mode = after(read("/proc/self/status"), "Seccomp:");
    return mode.equals("2")
        ? Check.ok(
            "seccomp", "a filter is on; Docker's default one allows bpf(2) to who holds CAP_BPF")
        : Check.ok("seccomp", mode.equals("0") ? "no filter" : "not known");
  }

  /** By loading and attaching it, as the agent does. */
  private static Check bpf() {
    try (BpfObject filter = BpfObject.load(BpfObject.read())) {
      Libc.close(PacketSocket.open(filter));
      return Check.ok(
          "bpf", "the filter and its maps were loaded, and attached to a packet socket");
    } catch (KernelException e) {
      return Check.fail("bpf", String.valueOf(e.getMessage()), "");
    }
  }

  private Check lockedMemory() {
    if (kernel.atLeast(5, 11)) {
      return Check.ok("memlock", "not a limit for maps since Linux 5.11");
    }
    long limit = limit("Max locked memory");
    return limit >= LockedMemory.needed()
        ? Check.ok("memlock", limit == Long.MAX_VALUE ? "unlimited" : limit + " bytes")
        : Check.warn("memlock", limit + " bytes", lockedMemory(LockedMemory.advisedMegabytes()));
  }

  private static String lockedMemory(long megabytes) {
    return "before Linux 5.11 the maps of each such JVM of a user need "
        + megabytes
        + " MiB: ulimit -l "
        + (megabytes << 10)
        + "; Docker: --ulimit memlock="
        + (megabytes << 20)
        + "; systemd: LimitMEMLOCK="
        + megabytes
        + "M";
  }

  private static Check optmem() {
    String text = read("/proc/sys/net/core/optmem_max").trim();
    if (text.isEmpty()) {
      return Check.ok("optmem_max", "not shown in this network namespace");
    }
    return number(text) >= FILTER_SIZE
        ? Check.ok("optmem_max", text + " bytes")
        : Check.warn("optmem_max", text + " bytes", "sysctl -w net.core.optmem_max=131072");
  }

  private static Check openFiles() {
    long limit = limit("Max open files");
    return limit >= OPEN_FILES
        ? Check.ok("open files", limit == Long.MAX_VALUE ? "unlimited" : Long.toString(limit))
        : Check.warn("open files", Long.toString(limit), "the agent takes some 50: ulimit -n 4096");
  }

  /** Once the capture has come up, or has failed to: it asks the kernel by a packet. */
  Check clock(int tier, String missing) {
    if (tier == 1) {
      return Check.ok("clock", "the filter's is System.nanoTime's");
    }
    if (ClockCheck.declared() || missing.contains("clock")) {
      return Check.fail(
          "clock",
          "a time namespace moves this process's monotonic clock",
          "start it outside of one (unshare -T)");
    }
    return Check.ok("clock", "no time namespace moves it; not compared by a packet");
  }

  /** The soft limit; the JVM has raised it to the hard one, as it will for the application. */
  private static long limit(String name) {
    String line = after(read("/proc/self/limits"), name);
    int space = line.indexOf(' ');
    String soft = space < 0 ? line : line.substring(0, space);
    return soft.equals("unlimited") ? Long.MAX_VALUE : number(soft);
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /** The rest of the line that starts so; empty: there is none. */
  private static String after(String text, String start) {
    for (String line : text.split("\n")) {
      if (line.startsWith(start)) {
        return line.substring(start.length()).trim();
      }
    }
    return "";
  }

  private static String read(String file) {
    // A file of /proc/sys tells all in one read, and nothing in the next.
    byte[] text = new byte[4096];
    try (FileInputStream in = new FileInputStream(file)) {
      int length = in.read(text);
      return length < 0 ? "" : new String(text, 0, length, StandardCharsets.US_ASCII);
    } catch (IOException e) {
      return "";
    }
  }
}
