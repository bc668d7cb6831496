package io.httpaudit.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.kenai.jffi.DirectCall;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Each native signature once, with arguments that only the right signature passes on. */
class LibcTest {
  @BeforeAll
  static void load() throws KernelException {
    Libc.load();
  }

  private static CallBuffer buffer() {
    return CallBuffer.take();
  }

  @Test
  void leavesNoFileAndNoProperty() throws Exception {
    Set<String> before = new TreeSet<>(System.getProperties().stringPropertyNames());
    Libc.load();
    assertThat(System.getProperties().stringPropertyNames()).isEqualTo(before);
    assertThat(before).noneMatch(name -> name.contains("jffi"));
    // By the mapping: other JVMs of this machine may have theirs just now.
    List<String> mapped =
        Files.readAllLines(Path.of("/proc/self/maps")).stream()
            .filter(line -> line.contains("/httpaudit-") && line.contains(".so"))
            .map(line -> line.substring(line.indexOf('/')))
            .distinct()
            .toList();
    assertThat(mapped).hasSize(1).allMatch(path -> path.endsWith(".so (deleted)"));
    assertThat(new File(mapped.get(0).replace(" (deleted)", ""))).doesNotExist();
  }

  @Test
  void takesSixArgumentsInTheirPlaces() throws KernelException {
    // mmap is the one with six; a file descriptor or an offset in the wrong place fails it.
    Memory memory = Memory.allocate(3 * 4096);
    memory.bytes().putLong(2 * 4096, 0x1122334455667788L);
    assertThat(memory.bytes().getLong(2 * 4096)).isEqualTo(0x1122334455667788L);
    memory.free();
    assertThat(Libc.mmap(4096, Libc.PROT_READ, Libc.MAP_PRIVATE, -1, 0)).isEqualTo(-Errno.EBADF);
    assertThat(Libc.mmap(4096, Libc.PROT_READ, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 1))
        .isEqualTo(-Errno.EINVAL);
  }

  /** In whatever language. */
  @Test
  void namesErrorsAsTheJdkDoes() throws IOException {
    int port;
    try (ServerSocket closed = new ServerSocket(0)) {
      port = closed.getLocalPort();
    }
    assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
        .hasMessage(Libc.strerror(Errno.ECONNREFUSED));
    assertThat(
            List.of(
                Libc.strerror(Errno.ECONNRESET),
                Libc.strerror(Errno.EPIPE),
                Libc.strerror(Errno.ETIMEDOUT)))
        .doesNotHaveDuplicates()
        .noneMatch(String::isEmpty);
  }

  @Test
  void unmapsNothingThatIsNotAligned() {
    assertThat(Libc.munmap(1, 4096)).isEqualTo(-Errno.EINVAL);
  }

  @Test
  void reportsTheErrorOfTheCallThatFailed() {
    assertThat(Libc.close(-1)).isEqualTo(-Errno.EBADF);
    assertThat(Libc.socket(Libc.AF_PACKET + 2000, 1, 0)).isEqualTo(-Errno.EAFNOSUPPORT);
    assertThat(Libc.close(1 << 30)).isEqualTo(-Errno.EBADF);
  }

  @Test
  void findsNoFunctionThatDoesNotExist() {
    assertThatThrownBy(() -> DirectCall.symbol("no_such_function_of_httpaudit"))
        .isInstanceOf(UnsatisfiedLinkError.class)
        .hasMessageContaining("no_such_function_of_httpaudit");
  }

  @Test
  void pageSizeIsAPowerOfTwo() {
    assertThat(Integer.bitCount(Libc.pageSize())).isEqualTo(1);
    assertThat(Libc.pageSize()).isGreaterThanOrEqualTo(4096);
  }

  @Test
  void writesAndReads() {
    int fd = Libc.eventfd(Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC);
    assertThat(fd).isPositive();
    CallBuffer buffer = buffer();
    assertThat(Libc.read(fd, buffer.address(CallBuffer.VALUE), 8)).isEqualTo(-Errno.EAGAIN);
    buffer.bytes().putLong(buffer.at(CallBuffer.VALUE), 41);
    assertThat(Libc.write(fd, buffer.address(CallBuffer.VALUE), 8)).isEqualTo(8);
    buffer.bytes().putLong(buffer.at(CallBuffer.VALUE), 1);
    assertThat(Libc.write(fd, buffer.address(CallBuffer.VALUE), 8)).isEqualTo(8);
    assertThat(Libc.read(fd, buffer.address(CallBuffer.KEY), 8)).isEqualTo(8);
    assertThat(buffer.bytes().getLong(buffer.at(CallBuffer.KEY))).isEqualTo(42);
    buffer.give();
    assertThat(Libc.close(fd)).isZero();
  }

  @Test
  void waitsInEpollForWhatWasAdded() {
    int epoll = Libc.epollCreate();
    int fd = Libc.eventfd(Libc.SOCK_CLOEXEC);
    CallBuffer buffer = buffer();
    buffer.bytes().putInt(buffer.at(CallBuffer.KEY), 1);
    buffer.bytes().putLong(buffer.at(CallBuffer.KEY) + Libc.epollEventData(), 0x0102030405060708L);
    assertThat(Libc.epollCtl(epoll, 1, fd, buffer.address(CallBuffer.KEY))).isZero();
    long start = System.nanoTime();
    assertThat(Libc.epollWait(epoll, buffer.address(CallBuffer.VALUE), 4, 20)).isZero();
    assertThat(System.nanoTime() - start).isGreaterThan(15_000_000);
    buffer.bytes().putLong(buffer.at(CallBuffer.VALUE), 1);
    Libc.write(fd, buffer.address(CallBuffer.VALUE), 8);
    assertThat(Libc.epollWait(epoll, buffer.address(CallBuffer.VALUE), 4, 1000)).isEqualTo(1);
    assertThat(buffer.bytes().getLong(buffer.at(CallBuffer.VALUE) + Libc.epollEventData()))
        .isEqualTo(0x0102030405060708L);
    buffer.give();
    Libc.close(fd);
    Libc.close(epoll);
  }

  @Test
  void connectsToItself() throws KernelException {
    try (OwnConnection connection = new OwnConnection()) {
      connection.connect();
      assertThat(connection.port()).isBetween(1, 65535);
      assertThat(connection.clientPort()).isBetween(1, 65535).isNotEqualTo(connection.port());
    }
  }

  @Test
  void sendsADatagramToItselfAndReceivesIt() {
    int fd = Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
    CallBuffer buffer = buffer();
    java.nio.ByteBuffer bytes = buffer.bytes();
    int at = buffer.at(CallBuffer.VALUE);
    long address = buffer.address(CallBuffer.VALUE);
    // struct sockaddr_in: 127.0.0.1, any port.
    bytes.putShort(at, (short) Libc.AF_INET).putShort(at + 2, (short) 0).putLong(at + 8, 0);
    bytes.put(at + 4, (byte) 127).put(at + 5, (byte) 0).put(at + 6, (byte) 0).put(at + 7, (byte) 1);
    assertThat(Libc.bind(fd, address, 15)).as("an address cut short").isEqualTo(-Errno.EINVAL);
    assertThat(Libc.bind(fd, address, 16)).isZero();
    bytes.putInt(buffer.at(CallBuffer.KEY), 16);
    assertThat(Libc.getsockname(fd, address, buffer.address(CallBuffer.KEY))).isZero();
    assertThat(bytes.getInt(buffer.at(CallBuffer.KEY))).isEqualTo(16);
    assertThat(bytes.getShort(at + 2)).as("its port").isNotZero();
    assertThat(Libc.connect(fd, address, 16)).isZero();
    assertThat(Libc.listen(fd, 1)).as("EOPNOTSUPP").isEqualTo(-95);
    bytes.putLong(at, 0x1122334455667788L);
    assertThat(Libc.send(fd, address, 7, 0)).isEqualTo(7);
    bytes.putLong(at, 0);
    // MSG_PEEK, then in earnest.
    assertThat(Libc.recv(fd, address, 8, 2)).isEqualTo(7);
    assertThat(Libc.recv(fd, address + 8, 8, Libc.MSG_DONTWAIT)).isEqualTo(7);
    assertThat(bytes.getLong(at)).isEqualTo(0x22334455667788L);
    assertThat(bytes.getLong(at + 8) & 0xff_ffff_ffff_ffffL).isEqualTo(0x22334455667788L);
    assertThat(Libc.recv(fd, address, 8, Libc.MSG_DONTWAIT)).isEqualTo(-Errno.EAGAIN);
    buffer.give();
    Libc.close(fd);
  }

  @Test
  void niceIsTheCallingThreadsAlone() throws Exception {
    int[] after = new int[3];
    Thread raised =
        new Thread(
            () -> {
              after[0] = Libc.setpriority(5);
              after[1] = nice();
              after[2] = Libc.getpriority();
            });
    raised.start();
    raised.join();
    assertThat(after).containsExactly(0, 5, 5);
    assertThat(nice()).isZero();
  }

  /** By proc(5), the 19th field of stat; the second one is in parentheses. */
  private static int nice() {
    try {
      String stat = Files.readString(Path.of("/proc/thread-self/stat"));
      return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[16]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void capsetTakesWhatCapgetGave() {
    CallBuffer buffer = buffer();
    long header = buffer.address(CallBuffer.KEY);
    long data = buffer.address(CallBuffer.VALUE);
    buffer.bytes().putInt(buffer.at(CallBuffer.KEY), 0x20080522);
    buffer.bytes().putInt(buffer.at(CallBuffer.KEY) + 4, 0);
    assertThat(Libc.capget(header, data)).isZero();
    assertThat(Libc.capset(header, data)).isZero();
    // Of a process that is not this thread.
    buffer.bytes().putInt(buffer.at(CallBuffer.KEY) + 4, 1);
    assertThat(Libc.capset(header, data)).isEqualTo(-Errno.EPERM);
    buffer.bytes().putInt(buffer.at(CallBuffer.KEY), 1);
    assertThat(Libc.capset(header, data)).as("no such version").isEqualTo(-Errno.EINVAL);
    buffer.give();
  }

  @Test
  void setsAndGetsSocketOptions() {
    int fd = Libc.socket(Libc.AF_INET, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0);
    CallBuffer buffer = buffer();
    int value = buffer.at(CallBuffer.VALUE);
    // SO_KEEPALIVE.
    buffer.bytes().putInt(value, 1);
    assertThat(Libc.setsockopt(fd, Libc.SOL_SOCKET, 9, buffer.address(CallBuffer.VALUE), 4))
        .isZero();
    buffer.bytes().putInt(value, 0);
    buffer.bytes().putInt(buffer.at(CallBuffer.KEY), 4);
    assertThat(
            Libc.getsockopt(
                fd,
                Libc.SOL_SOCKET,
                9,
                buffer.address(CallBuffer.VALUE),
                buffer.address(CallBuffer.KEY)))
        .isZero();
    assertThat(buffer.bytes().getInt(value)).isEqualTo(1);
    assertThat(buffer.bytes().getInt(buffer.at(CallBuffer.KEY))).isEqualTo(4);
    buffer.give();
    Libc.close(fd);
  }

  @Test
  void readsTcpInfoOfAConnectedSocket() throws Exception {
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    try (ServerSocket server = new ServerSocket(0, 1, loopback);
        Socket client = new Socket(loopback, server.getLocalPort());
        Socket accepted = server.accept();
        SockDiag diag = new SockDiag()) {
      client.getOutputStream().write(new byte[10_000]);
      accepted.getInputStream().readNBytes(10_000);
      long low = 0xffff_7f00_0001L;
      SockDiag.Socket found =
          diag.find(0, low, client.getLocalPort(), 0, low, server.getLocalPort()).orElseThrow();
      int fd = SockDiag.ownSockets().get(found.inode());
      long[] out = new long[2];
      assertThat(Libc.tcpInfo(fd, out)).isTrue();
      assertThat(out[0]).isBetween(1L, 10_000_000L);
      assertThat(out[1]).isZero();
    }
  }

  @Test
  void tcpInfoOfSomethingElseIsUnknown() {
    int fd = Libc.eventfd(Libc.SOCK_CLOEXEC);
    assertThat(Libc.tcpInfo(fd, new long[2])).isFalse();
    Libc.close(fd);
    assertThat(Libc.tcpInfo(fd, new long[2])).isFalse();
  }

  @Test
  void capgetTellsWhatProcTells() throws KernelException {
    CallBuffer buffer = buffer();
    buffer.bytes().putInt(buffer.at(CallBuffer.KEY), 0x20080522);
    buffer.bytes().putInt(buffer.at(CallBuffer.KEY) + 4, 0);
    assertThat(Libc.capget(buffer.address(CallBuffer.KEY), buffer.address(CallBuffer.VALUE)))
        .isZero();
    boolean netRaw = (buffer.bytes().getInt(buffer.at(CallBuffer.VALUE)) >>> 13 & 1) != 0;
    boolean bpf = (buffer.bytes().getInt(buffer.at(CallBuffer.VALUE) + 12) >>> 39 - 32 & 1) != 0;
    buffer.give();
    assertThat(Rights.lacking().isEmpty()).isEqualTo(netRaw && bpf);
  }

  @Test
  void bpfRefusesWhatIsNoCommand() {
    CallBuffer buffer = buffer();
    buffer.clear(0, 128);
    assertThat(Libc.bpf(9999, buffer.address(0), 32)).isIn(-Errno.EINVAL, -Errno.EPERM);
    buffer.give();
  }

  @Test
  void manyThreadsGetBuffersOfTheirOwn() throws Exception {
    Thread[] threads = new Thread[100];
    java.util.concurrent.atomic.AtomicInteger wrong =
        new java.util.concurrent.atomic.AtomicInteger();
    for (int t = 0; t < threads.length; t++) {
      long mark = t + 1;
      threads[t] =
          new Thread(
              () -> {
                for (int i = 0; i < 200; i++) {
                  CallBuffer buffer = CallBuffer.take();
                  buffer.bytes().putLong(buffer.at(CallBuffer.VALUE), mark);
                  Thread.yield();
                  if (buffer.bytes().getLong(buffer.at(CallBuffer.VALUE)) != mark) {
                    wrong.incrementAndGet();
                  }
                  buffer.give();
                }
              });
      threads[t].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(wrong).hasValue(0);
  }
}
