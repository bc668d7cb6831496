package io.httpaudit.kernel;

/** A call into the kernel failed. The message names the call, the error, and what can be done. */
public final class KernelException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int errno;

  KernelException(String call, int errno, String advice) {
    super(call + ": " + Errno.name(errno) + (advice.isEmpty() ? "" : "; " + advice));
    this.errno = errno;
  }

  KernelException(String message) {
    super(message);
    this.errno = 0;
  }

  KernelException(String message, Throwable cause) {
    super(message, cause);
    this.errno = 0;
  }

  /** {@link Errno}; 0: no call failed, the message says what else did. */
  public int errno() {
    return errno;
  }

  /** What can be done, for calls of which nothing more is known. */
  static String advice(int errno) {
    switch (errno) {
      case Errno.EMFILE:
        return "raise the limit of open files (ulimit -n)";
      case Errno.ENOSYS:
        return "the kernel or a seccomp profile does not offer this call";
      case Errno.ENOMEM:
        return "the memory limit of the process or of its control group is reached";
      default:
        return "";
    }
  }
}
