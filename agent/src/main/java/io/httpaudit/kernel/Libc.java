package io.httpaudit.kernel;

import com.kenai.jffi.DirectCall;
import io.httpaudit.faults.Faults;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.Charset;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/**
 * The C library, as far as it is needed, through jffi: the layer below jnr-ffi, which is the
 * dependency that brings it. jnr-ffi's own LibraryLoader costs 320 to 440 ms at the start, this
 * some 30.
 *
 * <p>All arguments go as words of 64 bits, in registers by both calling conventions (System V
 * x86-64, AAPCS64), six at most; so neither jnr-ffi's stubs nor their mistakes with six arguments
 * are in play. Methods return what the call returned, or minus errno; those that throw say so. Any
 * thread, after {@link #load} has returned.
 */
public final class Libc {
  static final int SOL_SOCKET = 1;
  static final int SOCK_STREAM = 1;
  static final int SOCK_DGRAM = 2;
  static final int SOCK_RAW = 3;
  static final int SOCK_CLOEXEC = 0x80000;
  static final int SOCK_NONBLOCK = 0x800;
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  static final int AF_NETLINK = 16;
  static final int AF_PACKET = 17;
  static final int MSG_DONTWAIT = 0x40;
  static final int PROT_READ = 1;
  static final int PROT_WRITE = 2;
  static final int MAP_SHARED = 1;
  static final int MAP_PRIVATE = 2;
  static final int MAP_ANONYMOUS = 0x20;

  private static final int IPPROTO_TCP = 6;
  private static final int TCP_INFO = 11;

  private static boolean loaded;
  private static int sysBpf;
  private static int sysCapget;
  private static int sysCapset;
  private static int sysEventfd2;
  private static int sysGetpriority;
  private static int sysSetpriority;
  private static boolean packedEpollEvent;

  private static long syscall;
  private static long socket;
  private static long setsockopt;
  private static long getsockopt;
  private static long bind;
  private static long listen;
  private static long connect;
  private static long getsockname;
  private static long send;
  private static long recv;
  private static long read;
  private static long write;
  private static long close;
  private static long epollCreate1;
  private static long epollCtl;
  private static long epollWait;
  private static long mmap;
  private static long munmap;
  private static long getpagesize;
  private static long strerror;

  private Libc() {}

  /**
   * Makes native calls work, once.
   *
   * @throws KernelException they can't: another system or processor, no library for it, or no place
   *     from which a library may be loaded. The message says which
   */
  public static synchronized void load() throws KernelException {
    if (loaded) {
      return;
    }
    if (!"Linux".equals(System.getProperty("os.name"))) {
      throw new KernelException("packets can be seen on Linux only");
    }
    String arch = System.getProperty("os.arch");
    String directory;
    if ("amd64".equals(arch)) {
      directory = "x86_64-Linux";
      sysBpf = 321;
      sysCapget = 125;
      sysCapset = 126;
      sysEventfd2 = 290;
      sysGetpriority = 140;
      sysSetpriority = 141;
      packedEpollEvent = true;
    } else if ("aarch64".equals(arch)) {
      directory = "aarch64-Linux";
      sysBpf = 280;
      sysCapget = 90;
      sysCapset = 91;
      sysEventfd2 = 19;
      sysGetpriority = 141;
      sysSetpriority = 140;
    } else {
      throw new KernelException("no native calls on the processor " + arch);
    }
    loadLibrary("jni/" + directory + "/libjffi-1.2.so");
    syscall = symbol("syscall");
    socket = symbol("socket");
    setsockopt = symbol("setsockopt");
    getsockopt = symbol("getsockopt");
    bind = symbol("bind");
    listen = symbol("listen");
    connect = symbol("connect");
    getsockname = symbol("getsockname");
    send = symbol("send");
    recv = symbol("recv");
    read = symbol("read");
    write = symbol("write");
    close = symbol("close");
    epollCreate1 = symbol("epoll_create1");
    epollCtl = symbol("epoll_ctl");
    epollWait = symbol("epoll_wait");
    mmap = symbol("mmap");
    munmap = symbol("munmap");
    getpagesize = symbol("getpagesize");
    strerror = symbol("strerror");
    loaded = true;
  }

  private static long symbol(String name) throws KernelException {
    try {
      return DirectCall.symbol(name);
    } catch (UnsatisfiedLinkError e) {
      throw new KernelException("the C library has no " + name, e);
    }
  }

  /**
   * The library becomes a file for as long as the loader needs to map it: created exclusively,
   * readable by its owner alone, deleted at once. The name need not be secret, since nothing that
   * exists is ever opened.
   */
  private static void loadLibrary(String resource) throws KernelException {
    byte[] library;
    // By the loader: a class in a named module would look in that module's own resources alone.
    try (InputStream in = DirectCall.class.getClassLoader().getResourceAsStream(resource)) {
      if (in == null) {
        throw new KernelException(
            "jffi's native library " + resource + " is not in the agent's jar");
      }
      library = in.readAllBytes();
    } catch (IOException e) {
      throw new KernelException("jffi's native library " + resource + " can't be read", e);
    }
    String directory = System.getProperty("java.io.tmpdir");
    Path file = null;
    try {
      file = createExclusively(directory, library);
      DirectCall.load(file.toString());
    } catch (IOException | UnsupportedOperationException e) {
      throw new KernelException(
          "jffi's native library can't be written to "
              + directory
              + " (read-only?): "
              + e
              + "; set -Djava.io.tmpdir",
          e);
    } catch (UnsatisfiedLinkError e) {
      throw new KernelException(
          "jffi's native library can't be loaded from "
              + directory
              + " (mounted noexec?): "
              + e.getMessage()
              + "; set -Djava.io.tmpdir",
          e);
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new KernelException("jffi is not the version that was tested: " + e, e);
    } finally {
      delete(file);
    }
  }

  private static void delete(Path file) {
    if (file != null) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        // Whoever took it away in the meantime has done what was to be done.
      }
    }
  }

  /** Files.createTempFile would do, but for SecureRandom, which costs 40 ms. */
  private static Path createExclusively(String directory, byte[] content) throws IOException {
    Set<StandardOpenOption> exclusively =
        EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    Set<PosixFilePermission> owner =
        EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    for (int attempt = 0; ; attempt++) {
      Path file =
          new File(directory, "httpaudit-" + Long.toHexString(System.nanoTime() + attempt) + ".so")
              .toPath();
      try (SeekableByteChannel out =
          Files.newByteChannel(
              file.toAbsolutePath(), exclusively, PosixFilePermissions.asFileAttribute(owner))) {
        try {
          ByteBuffer bytes = ByteBuffer.wrap(content);
          while (bytes.hasRemaining()) {
            out.write(bytes);
          }
        } catch (IOException e) {
          delete(file);
          throw e;
        }
        return file.toAbsolutePath();
      } catch (FileAlreadyExistsException e) {
        if (attempt == 8) {
          throw e;
        }
      }
    }
  }

  /** Of a function that returns an int: the upper half of the register is not defined. */
  private static int orErrno(long value) {
    return (int) value == -1 ? -DirectCall.errno() : (int) value;
  }

  private static int result(long value) {
    int result = orErrno(value);
    if (Faults.NATIVES) {
      Faults.disturb();
      return Faults.garbled(result);
    }
    return result;
  }

  /** Of a function that returns a size_t, of at most 2 GiB. */
  private static int size(long value) {
    return result(value > Integer.MAX_VALUE ? Integer.MAX_VALUE : value);
  }

  /** Of a function that returns a descriptor, or an address. */
  private static long handle(long value) {
    long result = value == -1 ? -DirectCall.errno() : value;
    if (Faults.NATIVES) {
      Faults.disturb();
      return Faults.garbledHandle(result);
    }
    return result;
  }

  private static int descriptor(long value) {
    return (int) handle((int) value);
  }

  static int check(int result, String call) throws KernelException {
    if (result < 0) {
      throw new KernelException(call, -result, KernelException.advice(-result));
    }
    return result;
  }

  /** bpf(2). */
  static int bpf(int command, long attributes, int size) {
    if (Faults.NATIVES && Faults.skips()) {
      return command == Bpf.BPF_MAP_CREATE || command == Bpf.BPF_PROG_LOAD
          ? -Errno.EPERM
          : Faults.garbage();
    }
    long value = DirectCall.call(syscall, sysBpf, command, attributes, size);
    return command == Bpf.BPF_MAP_CREATE || command == Bpf.BPF_PROG_LOAD
        ? descriptor(value)
        : result(value);
  }

  /**
   * capget(2): {@code header} and {@code data} as struct __user_cap_header_struct and two of
   * __user_cap_data_struct.
   */
  static int capget(long header, long data) {
    return result(DirectCall.call(syscall, sysCapget, header, data));
  }

  /** capset(2), of the calling thread alone: glibc has no wrapper that would do more. */
  static int capset(long header, long data) {
    return result(DirectCall.call(syscall, sysCapset, header, data));
  }

  /**
   * getpriority(2) of the calling thread, PRIO_PROCESS of 0: nice values are a thread's. What the
   * kernel returns is 20 less it, so that it is no error.
   */
  static int getpriority() {
    return 20 - result(DirectCall.call(syscall, sysGetpriority, 0, 0));
  }

  /** setpriority(2), likewise. */
  static int setpriority(int nice) {
    return result(DirectCall.call(syscall, sysSetpriority, 0, 0, nice));
  }

  static int eventfd(int flags) {
    return descriptor(DirectCall.call(syscall, sysEventfd2, 0, flags));
  }

  static int socket(int domain, int type, int protocol) {
    return descriptor(DirectCall.call(socket, domain, type, protocol));
  }

  static int setsockopt(int fd, int level, int option, long value, int length) {
    if (Faults.NATIVES && Faults.skips()) {
      return Faults.garbage();
    }
    return result(DirectCall.call(setsockopt, fd, level, option, value, length));
  }

  static int getsockopt(int fd, int level, int option, long value, long length) {
    if (Faults.NATIVES && Faults.skips()) {
      return Faults.garbage();
    }
    return result(DirectCall.call(getsockopt, fd, level, option, value, length));
  }

  static int bind(int fd, long address, int length) {
    return result(DirectCall.call(bind, fd, address, length));
  }

  static int listen(int fd, int backlog) {
    return result(DirectCall.call(listen, fd, backlog));
  }

  static int connect(int fd, long address, int length) {
    return result(DirectCall.call(connect, fd, address, length));
  }

  static int getsockname(int fd, long address, long length) {
    return result(DirectCall.call(getsockname, fd, address, length));
  }

  static int send(int fd, long bytes, int length, int flags) {
    if (Faults.NATIVES && Faults.skips()) {
      return Faults.garbage();
    }
    return size(DirectCall.call(send, fd, bytes, length, flags));
  }

  static int recv(int fd, long bytes, int length, int flags) {
    return size(DirectCall.call(recv, fd, bytes, length, flags));
  }

  static int read(int fd, long bytes, int length) {
    return size(DirectCall.call(read, fd, bytes, length));
  }

  static int write(int fd, long bytes, int length) {
    return size(DirectCall.call(write, fd, bytes, length));
  }

  /**
   * Best effort: there is nothing to do about a failure, and the descriptor is gone all the same.
   */
  public static int close(int fd) {
    return orErrno(DirectCall.call(close, fd));
  }

  static int epollCreate() {
    return descriptor(DirectCall.call(epollCreate1, 0x80000));
  }

  static int epollCtl(int epoll, int operation, int fd, long event) {
    return result(DirectCall.call(epollCtl, epoll, operation, fd, event));
  }

  static int epollWait(int epoll, long events, int count, int timeoutMillis) {
    return result(DirectCall.call(epollWait, epoll, events, count, timeoutMillis));
  }

  /** Bytes of struct epoll_event, which x86-64 packs (include/uapi/linux/eventpoll.h). */
  static int epollEventSize() {
    return packedEpollEvent ? 12 : 16;
  }

  /** Where its data begins. */
  static int epollEventData() {
    return packedEpollEvent ? 4 : 8;
  }

  static long mmap(long length, int protection, int flags, int fd, long offset) {
    return handle(DirectCall.call(mmap, 0, length, protection, flags, fd, offset));
  }

  static int munmap(long address, long length) {
    return orErrno(DirectCall.call(munmap, address, length));
  }

  static int pageSize() {
    return (int) DirectCall.call(getpagesize);
  }

  private static final int LONGEST_TEXT = 256;

  /**
   * strerror(3) of an error that the library knows, which is a text of the library's own: in the
   * language of the process, decoded as the JDK does. Empty: there is none.
   */
  public static String strerror(int errno) {
    long address = DirectCall.call(strerror, errno);
    if (address == 0) {
      return "";
    }
    ByteBuffer text = DirectCall.buffer(address, LONGEST_TEXT);
    byte[] bytes = new byte[LONGEST_TEXT];
    int length = 0;
    for (byte b = text.get(0); b != 0 && length < LONGEST_TEXT - 1; b = text.get(length)) {
      bytes[length++] = b;
    }
    return new String(bytes, 0, length, charset());
  }

  private static Charset charset() {
    try {
      return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    } catch (IllegalArgumentException e) {
      return Charset.defaultCharset();
    }
  }

  /**
   * TCP_INFO of a socket (struct tcp_info, include/uapi/linux/tcp.h); needs no right.
   *
   * @param out [0] smoothed RTT in microseconds, [1] segments sent again on this connection
   * @return false: not a TCP socket
   */
  public static boolean tcpInfo(int fd, long[] out) {
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.bytes().putInt(buffer.at(CallBuffer.KEY), 104);
      // No state: whoever says that he filled it in, and did not, is found out.
      buffer.bytes().put(buffer.at(CallBuffer.VALUE), (byte) -1);
      int result =
          getsockopt(
              fd,
              IPPROTO_TCP,
              TCP_INFO,
              buffer.address(CallBuffer.VALUE),
              buffer.address(CallBuffer.KEY));
      if (result != 0
          || buffer.bytes().getInt(buffer.at(CallBuffer.KEY)) < 104
          || buffer.bytes().get(buffer.at(CallBuffer.VALUE)) == -1) {
        return false;
      }
      out[0] = buffer.bytes().getInt(buffer.at(CallBuffer.VALUE) + 68) & 0xffff_ffffL;
      out[1] = buffer.bytes().getInt(buffer.at(CallBuffer.VALUE) + 100) & 0xffff_ffffL;
      return true;
    } finally {
      buffer.give();
    }
  }
}
