package io.httpaudit.cli;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.Consumer;

/**
 * The latest exchanges, by their starts; joins the two views of each. Bounded, however long the log
 * is.
 */
final class Window {
  private final int size;
  private final Consumer<Views> leaving;
  private final PriorityQueue<Views> byStart =
      new PriorityQueue<>(Comparator.comparingLong(Views::start));
  private final Map<String, Views> byFlow = new HashMap<>();

  /**
   * @param leaving gets each exchange that is pushed out by later ones
   */
  Window(int size, Consumer<Views> leaving) {
    this.size = size;
    this.leaving = leaving;
  }

  void add(Logged view) {
    Views known = byFlow.get(view.flowAndPosition());
    if (known != null && known.join(view)) {
      return;
    }
    Views views = new Views(view);
    byFlow.put(view.flowAndPosition(), views);
    byStart.add(views);
    if (byStart.size() > size) {
      leaving.accept(next());
    }
  }

  private Views next() {
    Views first = byStart.remove();
    byFlow.remove(first.key(), first);
    return first;
  }

  /** Those that are left, the earliest first. */
  void drain(Consumer<Views> to) {
    while (!byStart.isEmpty()) {
      to.accept(next());
    }
  }
}
