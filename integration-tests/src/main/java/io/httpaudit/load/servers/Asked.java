package io.httpaudit.load.servers;

/** A request by its path, {@code …/kind/id}. */
record Asked(String kind, String id) {
  static Asked of(String path) {
    int slash = path.lastIndexOf('/');
    int before = path.lastIndexOf('/', slash - 1);
    return new Asked(path.substring(before + 1, slash), path.substring(slash + 1));
  }
}
