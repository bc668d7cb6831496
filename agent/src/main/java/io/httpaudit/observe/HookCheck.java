package io.httpaudit.observe;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
    Set<String> names = new HashSet<>();
    for (Hook hook : Hook.ALL) {
      names.add(name(hook));
    }
    return names.size() - MOVED.size() / 2;
  }

  /** The methods that this JDK lacks, so that bytes or connections go unseen. */
  public static List<String> missing() {
    Map<String, Boolean> found = new LinkedHashMap<>();
    Weaver weaver = new Weaver();
    for (Hook hook : Hook.ALL) {
      byte[] original = classFile(hook.owner());
      boolean woven =
          original.length > 0
              && weaver.transform(null, hook.owner(), null, null, original) != null
              && weaver.isWoven(hook);
      found.merge(name(hook), woven, Boolean::logicalOr);
    }
    return missing(found);
  }

  /**
   * The methods that a JDK's classes lack, as far as these were seen: what another class may have
   * in its place, once that was seen, too.
   */
  static List<String> missing(Weaver weaver) {
    Map<String, Boolean> found = new LinkedHashMap<>();
    for (Hook hook : Hook.ALL) {
      if (weaver.sawClass(hook.owner())) {
        found.merge(name(hook), weaver.isWoven(hook), Boolean::logicalOr);
      }
    }
    return missing(found);
  }

  private static List<String> missing(Map<String, Boolean> found) {
    List<String> missing = new ArrayList<>();
    for (String name : found.keySet()) {
      String other = MOVED.get(name);
      boolean lacks = other == null || Boolean.FALSE.equals(found.get(other));
      if (!found.get(name) && lacks && !missing.contains(other)) {
        missing.add(name);
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
