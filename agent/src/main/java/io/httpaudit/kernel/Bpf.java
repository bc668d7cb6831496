package io.httpaudit.kernel;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * bpf(2): union bpf_attr of include/uapi/linux/bpf.h, as far as maps and a socket filter need it.
 */
final class Bpf {
  static final int BPF_MAP_CREATE = 0;
  static final int BPF_MAP_LOOKUP_ELEM = 1;
  static final int BPF_MAP_UPDATE_ELEM = 2;
  static final int BPF_MAP_DELETE_ELEM = 3;
  static final int BPF_PROG_LOAD = 5;
  static final int BPF_OBJ_GET_INFO_BY_FD = 15;

  static final int BPF_PROG_TYPE_SOCKET_FILTER = 1;

  /**
   * Bytes of the attributes that are passed: what lies behind the ones that are set is zero, and
   * may be.
   */
  static final int ATTRIBUTES = 128;

  private static final int FIRST_LOG = 1 << 20;
  private static final int LAST_LOG = 1 << 24;

  private Bpf() {}

  /**
   * Loads a socket filter.
   *
   * @param instructions relocated
   * @return its file descriptor, closed on exec
   * @throws KernelException with the verifier's whole log, if it was the verifier
   */
  static int load(String name, byte[] instructions, String license) throws KernelException {
    Memory code = Memory.allocate(instructions.length + 64);
    try {
      code.bytes().put(0, instructions);
      byte[] text = license.getBytes(StandardCharsets.US_ASCII);
      code.bytes().put(instructions.length, text, 0, Math.min(text.length, 63));
      int result = load(name, code, instructions.length, null, 0);
      if (result >= 0) {
        return result;
      }
      throw new KernelException(
          "bpf(BPF_PROG_LOAD " + name + ")",
          -result,
          advice(-result) + log(name, code, instructions.length));
    } finally {
      code.free();
    }
  }

  private static int load(String name, Memory code, int codeSize, Memory log, int logSize) {
    CallBuffer buffer = CallBuffer.take();
    try {
      buffer.clear(CallBuffer.ATTRIBUTES, ATTRIBUTES);
      ByteBuffer bytes = buffer.bytes();
      int attributes = buffer.at(CallBuffer.ATTRIBUTES);
      bytes.putInt(attributes, BPF_PROG_TYPE_SOCKET_FILTER);
      bytes.putInt(attributes + 4, codeSize / 8);
      bytes.putLong(attributes + 8, code.address());
      bytes.putLong(attributes + 16, code.address() + codeSize);
      if (log != null) {
        bytes.putInt(attributes + 24, 1);
        bytes.putInt(attributes + 28, logSize);
        bytes.putLong(attributes + 32, log.address());
      }
      putName(bytes, attributes + 48, name);
      return Libc.bpf(BPF_PROG_LOAD, buffer.address(CallBuffer.ATTRIBUTES), ATTRIBUTES);
    } finally {
      buffer.give();
    }
  }

  /** What the verifier says, whole: it must fit, so the room grows until it does. */
  private static String log(String name, Memory code, int codeSize) throws KernelException {
    for (int size = FIRST_LOG; ; size *= 4) {
      Memory log = Memory.allocate(size);
      try {
        int result = load(name, code, codeSize, log, size);
        if (result >= 0) {
          Libc.close(result);
          return "; a second attempt succeeded";
        }
        if (result == -Errno.ENOSPC && size < LAST_LOG) {
          continue;
        }
        int length = 0;
        while (length < size && log.bytes().get(length) != 0) {
          length++;
        }
        byte[] text = new byte[length];
        log.bytes().get(0, text);
        return length == 0
            ? ""
            : "; the verifier says:\n" + new String(text, StandardCharsets.US_ASCII);
      } finally {
        log.free();
      }
    }
  }

  static void putName(ByteBuffer bytes, int at, String name) {
    for (int i = 0; i < Math.min(name.length(), 15); i++) {
      bytes.put(at + i, (byte) name.charAt(i));
    }
  }

  static String advice(int errno) {
    switch (errno) {
      case Errno.EPERM:
        return "needs CAP_BPF (and a seccomp profile that allows bpf), and, before kernel 5.11, a RLIMIT_MEMLOCK of "
            + LockedMemory.advisedMegabytes()
            + " MiB for each such JVM of the user";
      case Errno.EACCES:
        return "the verifier refuses it (without CAP_PERFMON it asks for more)";
      case Errno.EINVAL:
        return "kernel older than 5.8, or built without this feature";
      case Errno.ENOSYS:
        return "kernel built without CONFIG_BPF_SYSCALL";
      case Errno.ENOMEM:
        return "no memory for it (the control group's limit?)";
      default:
        return KernelException.advice(errno);
    }
  }
}
