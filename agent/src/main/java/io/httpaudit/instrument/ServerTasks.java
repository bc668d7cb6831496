package io.httpaudit.instrument;

/**
 * Woven where a server's own executor takes a task: the application's take the context of their
 * submitter along. The server's own don't, since they read, write and wait for whichever connection
 * comes next; but for those that it wraps around an application's.
 */
final class ServerTasks extends HttpAuditProbe {
  private final ClassValue<Boolean> carried =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          return isCarried(type.getName());
        }
      };

  private final String server;
  private final String[] wrappers;

  /**
   * @param server how the names of the server's classes begin
   * @param wrappers and of those that it wraps around tasks of the application's
   */
  ServerTasks(String server, String... wrappers) {
    this.server = server;
    this.wrappers = wrappers;
  }

  private boolean isCarried(String name) {
    for (String wrapper : wrappers) {
      if (name.startsWith(wrapper)) {
        return true;
      }
    }
    return !name.startsWith(server);
  }

  @Override
  public Object enter(Object executor, Object task, Object two) {
    if (task != null && carried.get(task.getClass())) {
      HttpAudit.submitted(task);
    }
    return null;
  }
}
