package io.httpaudit.observe;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * What is known of each file descriptor: pages that are made once and never move, so that a look-up
 * needs no lock and no entry can be lost to growth. A descriptor beyond the last page is not
 * followed.
 */
final class Descriptors {
  private static final int PAGE = 1024;
  private static final int PAGES = 2048;

  private final AtomicReferenceArray<Page> pages = new AtomicReferenceArray<>(PAGES);

  private static final class Page {
    private final AtomicReferenceArray<Object> values = new AtomicReferenceArray<>(PAGE);
  }

  /** The value, or null. */
  Object get(int fd) {
    Page page = existing(fd);
    return page == null ? null : page.values.getAcquire(fd % PAGE);
  }

  /** Sets the value and returns the former one. */
  Object replace(int fd, Object value) {
    Page page = value == null ? existing(fd) : page(fd);
    return page == null ? null : page.values.getAndSet(fd % PAGE, value);
  }

  /** Beyond it there is no value. */
  int limit() {
    int page = PAGES;
    while (page > 0 && pages.getAcquire(page - 1) == null) {
      page--;
    }
    return page * PAGE;
  }

  private Page existing(int fd) {
    return fd >= 0 && fd < PAGE * PAGES ? pages.getAcquire(fd / PAGE) : null;
  }

  private Page page(int fd) {
    Page page = existing(fd);
    if (page != null || fd < 0 || fd >= PAGE * PAGES) {
      return page;
    }
    pages.compareAndSet(fd / PAGE, null, new Page());
    return pages.get(fd / PAGE);
  }
}
