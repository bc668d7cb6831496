package java.lang;

/** What hooks in the JDK's classes call; defined into java.base. */
public final class HttpAudit {
  private HttpAudit() {}
}
