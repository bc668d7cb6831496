package io.httpaudit.observe;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether this JDK has the methods that are hooked, without weaving them into it: for {@code
 * doctor}.
 */
public final class HookCheck {
  /** Of these, which moved between 17 and 25, a JDK has the one or the other. */
  private static final Map<String, String> MOVED =
      Map.of(
          "FileChannelImpl.transferToDirectlyInternal", "FileDispatcherImpl.transferTo",
          "FileDispatcherImpl.transferTo", "FileChannelImpl.transferToDirectlyInternal",
          "SocketDispatcher.preClose", "UnixDispatcher.implPreClose",
          "UnixDispatcher.implPreClose", "SocketDispatcher.preClose",
          "SocketDispatcher.close", "UnixDispatcher.close",
          "UnixDispatcher.close", "SocketDispatcher.close");

  private HookCheck() {}

  /** Methods that are hooked where there are all. */
  public static int wanted() {
    return Hook.ALL.length - MOVED.size() / 2;
  }

  /** The methods that this JDK lacks, so that bytes or connections go unseen. */
  public static List<String> missing() {
    Map<String, Boolean> found = new HashMap<>();
    Weaver weaver = new Weaver();
    for (Hook hook : Hook.ALL) {
      byte[] original = classFile(hook.owner());
      boolean woven =
          original.length > 0
              && weaver.transform(null, hook.owner(), null, null, original) != null
              && weaver.isWoven(hook);
      found.put(name(hook), woven);
    }
    List<String> missing = new ArrayList<>();
    for (Hook hook : Hook.ALL) {
      String other = MOVED.get(name(hook));
      if (!found.get(name(hook))
          && (other == null || !found.get(other) && !missing.contains(other))) {
        missing.add(name(hook));
      }
    }
    return missing;
  }

  private static String name(Hook hook) {
    return hook.owner().substring(hook.owner().lastIndexOf('/') + 1) + "." + hook.method();
  }

  /** Empty: there is no such class. */
  private static byte[] classFile(String owner) {
    try (InputStream in = Object.class.getModule().getResourceAsStream(owner + ".class")) {
      return in == null ? new byte[0] : in.readAllBytes();
    } catch (IOException e) {
      return new byte[0];
    }
  }
}
