package io.httpaudit.correlate;

import java.util.Arrays;
import java.util.function.Consumer;

/**
 * From positive long keys to values, by open addressing: no object for a key or an entry. One
 * thread.
 */
final class LongMap<V> {
  private long[] keys = new long[16];
  private Object[] values = new Object[16];
  private int size;

  int size() {
    return size;
  }

  @SuppressWarnings("unchecked")
  V get(long key) {
    return (V) values[slot(key)];
  }

  void put(long key, V value) {
    int i = slot(key);
    if (values[i] == null) {
      size++;
      // At most three quarters full: these maps are most of what an idle connection costs beside
      // its objects.
      if (size * 4 > keys.length * 3) {
        resize(keys.length * 2);
        i = slot(key);
      }
    }
    keys[i] = key;
    values[i] = value;
  }

  @SuppressWarnings("unchecked")
  V remove(long key) {
    int i = slot(key);
    V removed = (V) values[i];
    if (removed == null) {
      return null;
    }
    size--;
    int mask = keys.length - 1;
    int hole = i;
    // Entries behind the hole move into it, unless that would put them before their own place.
    for (int j = i + 1 & mask; values[j] != null; j = j + 1 & mask) {
      int home = home(keys[j]);
      if ((j - home & mask) >= (j - hole & mask)) {
        keys[hole] = keys[j];
        values[hole] = values[j];
        hole = j;
      }
    }
    values[hole] = null;
    if (keys.length > 16 && size * 8 < keys.length) {
      resize(keys.length / 2);
    }
    return removed;
  }

  /** Calls {@code action} with each value as it is now: the map may be changed meanwhile. */
  @SuppressWarnings("unchecked")
  void forEach(Consumer<V> action) {
    for (Object value : Arrays.copyOf(values, values.length)) {
      if (value != null) {
        action.accept((V) value);
      }
    }
  }

  private int slot(long key) {
    int mask = keys.length - 1;
    int i = home(key);
    while (values[i] != null && keys[i] != key) {
      i = i + 1 & mask;
    }
    return i;
  }

  private int home(long key) {
    long mixed = key * 0x9e37_79b9_7f4a_7c15L;
    return (int) (mixed ^ mixed >>> 32) & keys.length - 1;
  }

  @SuppressWarnings("unchecked")
  private void resize(int capacity) {
    long[] oldKeys = keys;
    Object[] oldValues = values;
    keys = new long[capacity];
    values = new Object[capacity];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldValues[i] != null) {
        int to = slot(oldKeys[i]);
        keys[to] = oldKeys[i];
        values[to] = oldValues[i];
      }
    }
  }
}
