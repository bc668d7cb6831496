package io.httpaudit.kernel;

/**
 * Error numbers of Linux on x86-64 and aarch64 (include/uapi/asm-generic/errno-base.h, errno.h).
 */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int E2BIG = 7;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int EINVAL = 22;
  public static final int EMFILE = 24;
  public static final int ENOSPC = 28;
  public static final int EPIPE = 32;
  public static final int ENOSYS = 38;
  public static final int EAFNOSUPPORT = 97;
  public static final int ENETDOWN = 100;
  public static final int ENETUNREACH = 101;
  public static final int ECONNRESET = 104;
  public static final int ENOBUFS = 105;
  public static final int ETIMEDOUT = 110;
  public static final int ECONNREFUSED = 111;
  public static final int EHOSTUNREACH = 113;
  public static final int EINPROGRESS = 115;

  private Errno() {}

  static String name(int errno) {
    switch (errno) {
      case EPERM:
        return "EPERM";
      case ENOENT:
        return "ENOENT";
      case EINTR:
        return "EINTR";
      case E2BIG:
        return "E2BIG";
      case EBADF:
        return "EBADF";
      case EAGAIN:
        return "EAGAIN";
      case ENOMEM:
        return "ENOMEM";
      case EACCES:
        return "EACCES";
      case EEXIST:
        return "EEXIST";
      case ENODEV:
        return "ENODEV";
      case EINVAL:
        return "EINVAL";
      case EMFILE:
        return "EMFILE";
      case ENOSPC:
        return "ENOSPC";
      case ENOSYS:
        return "ENOSYS";
      case EAFNOSUPPORT:
        return "EAFNOSUPPORT";
      case ENETDOWN:
        return "ENETDOWN";
      case ENETUNREACH:
        return "ENETUNREACH";
      case ENOBUFS:
        return "ENOBUFS";
      case ECONNREFUSED:
        return "ECONNREFUSED";
      case EHOSTUNREACH:
        return "EHOSTUNREACH";
      case EINPROGRESS:
        return "EINPROGRESS";
      default:
        return "errno " + errno;
    }
  }
}
