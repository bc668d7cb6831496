package java.lang;

/**
 * What is woven around a method of an HTTP library calls, through {@link HttpAudit}; the agent's
 * instrument/ implements it. On the application's threads; what a method throws is caught and
 * counted.
 */
public abstract class HttpAuditProbe {
  protected HttpAuditProbe() {}

  /**
   * At the method's entry.
   *
   * @param self the receiver, null: a static method
   * @param one an argument, as the weaving asked for, or null
   * @param two likewise
   * @return for {@link #leave}: what {@link HttpAudit#replace} returned, or null: nothing
   */
  public abstract Object enter(Object self, Object one, Object two);

  /**
   * At the entry of a method that is to use parts of arrays.
   *
   * @param partOne of {@code one}: index of the first element, times 65,536, plus their number; -1:
   *     it is no array
   * @param partTwo likewise of {@code two}
   */
  public Object enter(Object self, Object one, Object two, int partOne, int partTwo) {
    return enter(self, one, two);
  }

  /**
   * When it returns or throws.
   *
   * @param entered what {@link #enter} returned
   * @param result null: void, a primitive, or null
   * @param thrown null: it returned
   */
  public void leave(Object entered, Object self, Object one, Object result, Throwable thrown) {
    HttpAudit.restore(entered);
  }
}
