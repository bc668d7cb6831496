package io.httpaudit.instrument;

/**
 * Routes that were put together before, so that no request has to. Of two that fall on one place
 * the later stays; any thread.
 */
final class Routes {
  private static final int PLACES = 256;

  /** Written without order: a record is whole, or not seen. */
  private final Entry[] entries = new Entry[PLACES];

  private record Entry(String context, String path, String end, String route) {}

  /** Whether one of Spring's patterns tells more than that files are looked for by it. */
  static boolean isTold(String pattern) {
    return pattern.startsWith("/") && !pattern.equals("/**");
  }

  /** The three in one. */
  String of(String context, String path, String end) {
    int hash = (context.hashCode() * 31 + path.hashCode()) * 31 + end.hashCode();
    int place = (hash ^ hash >>> 16) & PLACES - 1;
    Entry entry = entries[place];
    if (entry == null
        || !entry.path.equals(path)
        || !entry.context.equals(context)
        || !entry.end.equals(end)) {
      entry = new Entry(context, path, end, context.concat(path).concat(end));
      entries[place] = entry;
    }
    return entry.route;
  }
}
