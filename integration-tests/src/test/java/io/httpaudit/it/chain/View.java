package io.httpaudit.it.chain;

import io.httpaudit.load.chain.Ask;

/**
 * One line of an audit log: an exchange as one side saw it.
 *
 * @param status 0: none
 * @param parent 16 hex, empty: a root
 */
record View(
    String service, boolean server, Ask ask, int status, String trace, String span, String parent) {

  /** Where it belongs in its chain: all attempts of one call have the same. */
  String place() {
    return place(service, server, ask);
  }

  static String place(String service, boolean server, Ask ask) {
    return service + (server ? " server " : " client ") + ask.path();
  }

  @Override
  public String toString() {
    return place()
        + " "
        + status
        + ", trace "
        + trace
        + ", span "
        + span
        + (parent.isEmpty() ? ", root" : ", parent " + parent);
  }
}
