package io.httpaudit.agent;

import io.httpaudit.enrich.Beside;
import io.httpaudit.report.Reporting;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the user may set. A setting {@code a.b} comes from the agent's argument {@code a.b=…}, else
 * the system property {@code httpaudit.a.b}, else the variable {@code HTTPAUDIT_A_B}. An unknown
 * key or a bad value is one complaint; the default holds.
 *
 * <p>Made on the main thread before {@code main}: plain code, few classes.
 */
public final class Settings {
  private static final String SWITCH = "true|false";
  private static final String VARIABLE = "HTTPAUDIT_";

  /** As many keystrokes amiss are an accident. */
  private static final int TYPOS = 2;

  /**
   * Key, default, what it may be: a list of words, {@code duration}, or anything; in the order of
   * the help text.
   */
  private static final String[][] KNOWN = {
    {"enabled", "true", SWITCH, "false: the agent does nothing at all"},
    {"interfaces", "auto", "", "auto, or names: lo+eth0"},
    {"log", "", "", "path of the audit log (%p: the pid), - for standard output"},
    {
      "spans", "auto", "auto|own|enrich|none", "auto: the application's, if it makes some, else own"
    },
    {"spans.hold", "2s", "duration", "what its spans wait for packets, at most"},
    {"phases", "auto", "auto|all|none", "which phases become child spans"},
    {"phases.min", "1ms", "duration", "the shortest phase that auto draws"},
    {"query.keep", "", "", "query keys whose values may be written: a+b, * for all"},
    {"redact", "", "", "path segments that are redacted, by pattern with *: tok-*+key-*"},
    {"ignore", "", "", "paths left out: /actuator/**+/health"},
    {"rights", "drop", "drop|keep", "keep: don't give up the capabilities after the start"},
    {"capture", "own", "own|headers-of-namespace", "headers-of-namespace: not in this version"},
    {"heads", "false", SWITCH, "true: not in this version"},
    {"quiet", "false", SWITCH, "no line at start and end"},
  };

  private final String[] values = new String[KNOWN.length];
  private final List<String> complaints = new ArrayList<>();

  private Settings() {}

  /**
   * Reads all settings.
   *
   * @param argument of the agent: {@code key=value,key=value}; may be null
   */
  public static Settings of(String argument) {
    Settings settings = new Settings();
    settings.readVariables();
    settings.readProperties();
    settings.readArgument(argument == null ? "" : argument);
    return settings;
  }

  private void readVariables() {
    for (int i = 0; i < KNOWN.length; i++) {
      String name = variable(KNOWN[i][0]);
      String value = System.getenv(name);
      if (value != null) {
        set(i, value, name);
      }
    }
    for (String name : System.getenv().keySet()) {
      if (name.startsWith(VARIABLE) && isMistyped(key(name))) {
        complain(name, key(name));
      }
    }
  }

  private static String variable(String key) {
    return VARIABLE.concat(key.toUpperCase(Locale.ROOT).replace('.', '_'));
  }

  /** Of a variable, as far as its name tells. */
  private static String key(String variable) {
    return variable.substring(VARIABLE.length()).toLowerCase(Locale.ROOT).replace('_', '.');
  }

  /**
   * Whether it is all but the name of a setting. A variable may as well be somebody else's, as the
   * address of a service {@code httpaudit} that Kubernetes sets.
   */
  private static boolean isMistyped(String key) {
    int strokes = distance(key, nearest(key, keys()));
    return strokes > 0 && strokes <= TYPOS && 2 * strokes < key.length();
  }

  private void readProperties() {
    for (int i = 0; i < KNOWN.length; i++) {
      String name = "httpaudit.".concat(KNOWN[i][0]);
      String value = System.getProperty(name);
      if (value != null) {
        set(i, value, name);
      }
    }
    for (Object key : System.getProperties().keySet()) {
      if (key instanceof String && ((String) key).startsWith("httpaudit.")) {
        String name = ((String) key).substring("httpaudit.".length());
        if (index(name) < 0 && !name.startsWith("test.")) {
          complain(name, name);
        }
      }
    }
  }

  private void readArgument(String argument) {
    int from = 0;
    while (from < argument.length()) {
      int comma = argument.indexOf(',', from);
      int to = comma < 0 ? argument.length() : comma;
      String part = argument.substring(from, to).trim();
      from = to + 1;
      if (part.isEmpty()) {
        continue;
      }
      int equals = part.indexOf('=');
      String key = equals < 0 ? part : part.substring(0, equals);
      int known = index(key);
      if (known < 0) {
        complain(key, key);
      } else if (equals < 0) {
        complaints.add("httpaudit: setting '" + key + "' has no value; " + held(known));
      } else {
        set(known, part.substring(equals + 1), key);
      }
    }
  }

  private void set(int known, String value, String name) {
    if (allowed(KNOWN[known][2], value)) {
      values[known] = value;
    } else {
      String may =
          KNOWN[known][2].equals("duration") ? "like 500us, 1ms, 2s" : "one of " + KNOWN[known][2];
      complaints.add(
          "httpaudit: setting '"
              + name
              + "' can't be '"
              + value
              + "', it is "
              + may
              + "; "
              + held(known));
    }
  }

  private String held(int known) {
    String value = values[known] != null ? values[known] : KNOWN[known][1];
    return "'" + (value.isEmpty() ? "none" : value) + "' holds";
  }

  private static boolean allowed(String what, String value) {
    if (what.isEmpty()) {
      return true;
    }
    if (what.equals("duration")) {
      return nanos(value) >= 0;
    }
    return !value.isEmpty()
        && value.indexOf('|') < 0
        && ("|" + what + "|").contains("|" + value + "|");
  }

  /** Nanoseconds of {@code 500us}, {@code 1ms}, {@code 2s}, {@code 3} (ms); -1: none. */
  private static long nanos(String value) {
    int digits = 0;
    while (digits < value.length() && Character.isDigit(value.charAt(digits))) {
      digits++;
    }
    if (digits == 0 || digits > 9) {
      return -1;
    }
    long number = Long.parseLong(value.substring(0, digits));
    switch (value.substring(digits)) {
      case "us":
        return number * 1_000;
      case "":
      case "ms":
        return number * 1_000_000;
      case "s":
        return number * 1_000_000_000;
      default:
        return -1;
    }
  }

  private static int index(String key) {
    for (int i = 0; i < KNOWN.length; i++) {
      if (KNOWN[i][0].equals(key)) {
        return i;
      }
    }
    return -1;
  }

  private static String[] keys() {
    String[] keys = new String[KNOWN.length];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = KNOWN[i][0];
    }
    return keys;
  }

  private void complain(String name, String key) {
    String nearest = nearest(key, keys());
    complaints.add(
        "httpaudit: unknown setting '"
            + name
            + "', the nearest is '"
            + nearest
            + "'; "
            + held(index(nearest)));
  }

  /** The word that takes the fewest keystrokes to make of what was written. */
  public static String nearest(String written, String... words) {
    String nearest = words[0];
    int best = Integer.MAX_VALUE;
    for (String word : words) {
      int distance = distance(written, word);
      if (distance < best) {
        best = distance;
        nearest = word;
      }
    }
    return nearest;
  }

  /** Levenshtein's. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
        diagonal = above;
      }
    }
    return row[b.length()];
  }

  private String value(String key) {
    int known = index(key);
    return values[known] != null ? values[known] : KNOWN[known][1];
  }

  private boolean is(String key, String value) {
    return value(key).equals(value);
  }

  private List<String> list(String key) {
    List<String> items = new ArrayList<>();
    for (String item : value(key).split("[+,]")) {
      if (!item.isBlank()) {
        items.add(item.trim());
      }
    }
    return items;
  }

  /** One line for each setting that was not understood. */
  public List<String> complaints() {
    return complaints;
  }

  public boolean enabled() {
    return is("enabled", "true");
  }

  /** Names of interfaces; empty: whichever carry traffic. */
  public List<String> interfaces() {
    return is("interfaces", "auto") ? List.of() : list("interfaces");
  }

  /** What is reported, and where to. */
  public Reporting reporting() {
    return new Reporting(
        value("log").replace("%p", Long.toString(ProcessHandle.current().pid())),
        !is("spans", "none"),
        value("phases"),
        nanos(value("phases.min")),
        list("query.keep"),
        list("redact"),
        list("ignore"));
  }

  /** What becomes of the spans of the application's own OpenTelemetry. */
  public Beside.Mode beside() {
    return is("spans", "auto")
        ? Beside.Mode.AUTO
        : is("spans", "enrich") ? Beside.Mode.ENRICH : Beside.Mode.OWN;
  }

  public long holdNanos() {
    return nanos(value("spans.hold"));
  }

  public boolean keepRights() {
    return is("rights", "keep");
  }

  public boolean quiet() {
    return is("quiet", "true");
  }

  /** What is asked for that this version does not do, in words; empty: nothing. */
  public String notDone() {
    if (is("capture", "headers-of-namespace")) {
      return "capture=headers-of-namespace";
    }
    return is("heads", "true") ? "heads=true" : "";
  }

  /** The table of settings, for the help text. */
  public static String help() {
    StringBuilder help = new StringBuilder();
    for (String[] known : KNOWN) {
      String value = known[1].isEmpty() ? "none" : known[1];
      help.append("  ").append(known[0]).append(" ".repeat(14 - known[0].length()));
      help.append(value).append(" ".repeat(8 - value.length())).append(known[3]).append('\n');
    }
    return help.toString();
  }
}
