package io.httpaudit.observe;

/**
 * What is hooked in Netty's transport by io_uring, as it is from 4.2.7 on. No thread is in a call
 * while bytes move: what is to be written is told where the operation is made, how much was moved
 * where its completion is handled, both on the channel's event loop. Netty has one write of a
 * socket under way at a time, and holds its memory until the completion.
 */
final class UringHooks {
  private static final String URING = "io/netty/channel/uring/";
  private static final String OPS = URING + "IoUringIoOps";
  private static final String OP = ")L" + OPS + ";";
  private static final String BASE = URING + "AbstractIoUringChannel";
  private static final String UNSAFE = BASE + "$AbstractUringUnsafe";
  private static final String STREAM = URING + "AbstractIoUringStreamChannel";
  private static final String CHANNEL = URING + "IoUringSocketChannel";
  private static final String SERVER_CHANNEL = URING + "IoUringServerSocketChannel";
  private static final String LINUX_SOCKET = "L" + URING + "LinuxSocket;";
  private static final String PARENT = "(Lio/netty/channel/Channel;" + LINUX_SOCKET;
  private static final String SOCKET_ADDRESS = "Ljava/net/SocketAddress;";

  private static final String OF_CHANNEL = Hook.NUMBER + "socket:" + LINUX_SOCKET;
  private static final String OF_UNSAFE =
      Hook.NUMBER + "this$0:L" + BASE + ";socket:" + LINUX_SOCKET;
  private static final String OF_STREAM =
      Hook.NUMBER + "this$0:L" + STREAM + ";socket:" + LINUX_SOCKET;

  private static final String[] NONE = {};

  static final Hook[] ALL = {
    before(OPS, "newSend", "(IBIJIS" + OP, "beforeUringSend", "0I", "3J", "5I"),
    before(OPS, "newSendZc", "(IJIIJI" + OP, "beforeUringSend", "0I", "1J", "3I"),
    before(OPS, "newSendZc", "(IJIISI" + OP, "beforeUringSend", "0I", "1J", "3I"),
    before(OPS, "newWritev", "(IBIJIS" + OP, "beforeUringWritev", "0I", "3J", "5I"),
    before(OPS, "newSendmsgZc", "(IBIJJ" + OP, "beforeUringSendmsg", "0I", "3J"),
    before(OPS, "newSendmsgZc", "(IBIJS" + OP, "beforeUringSendmsg", "0I", "3J"),
    // From a file into a pipe, then from it into the socket: only the latter's number is known.
    before(OPS, "newSplice", "(IJIJIIS" + OP, "beforeUringSplice", "3I"),
    before(OPS, "newClose", "(IBS" + OP, "closingNative", "0I"),
    // Before the buffers' owner lets go of them.
    before(UNSAFE, "writeComplete", "(BIIJ)V", "uringWritten", "2I", "3I", OF_UNSAFE),
    before(UNSAFE, "writeComplete", "(BIIS)V", "uringWritten", "2I", "3I", OF_UNSAFE),
    new Hook(
        STREAM + "$IoUringStreamUnsafe",
        "readComplete0",
        "(BIISI)V",
        "fireChannelRead",
        "afterUringRead",
        "",
        "",
        new String[] {Hook.BUFFER, OF_STREAM},
        NONE),
    before(UNSAFE, "readComplete", "(BIIS)V", "uringReadEnded", "2I", OF_UNSAFE),
    before(
        BASE,
        "submitConnect",
        "(Ljava/net/InetSocketAddress;)V",
        "beforeUringConnect",
        OF_CHANNEL,
        "1A"),
    before(UNSAFE, "connectComplete", "(BIIJ)V", "uringConnected", "2I", OF_UNSAFE),
    before(UNSAFE, "connectComplete", "(BIIS)V", "uringConnected", "2I", OF_UNSAFE),
    NettyHooks.after(CHANNEL, "<init>", PARENT + ")V", "acceptedUring", Hook.NUMBER + "2", "2P"),
    NettyHooks.after(
        CHANNEL,
        "<init>",
        PARENT + SOCKET_ADDRESS + ")V",
        "acceptedUring",
        Hook.NUMBER + "2",
        "3A"),
    NettyHooks.after(
        SERVER_CHANNEL, "doBind", "(" + SOCKET_ADDRESS + ")V", "listening", OF_CHANNEL),
  };

  private UringHooks() {}

  /**
   * Whether another hook is of the same method, whose number of an operation became a long in
   * 4.2.18: one of the two is there.
   */
  static boolean isEither(Hook hook) {
    return hook.method().endsWith("Zc")
        || hook.method().equals("writeComplete")
        || hook.method().equals("connectComplete");
  }

  private static Hook before(
      String owner, String method, String descriptor, String before, String... arguments) {
    return new Hook(owner, method, descriptor, "", before, "", "", arguments, NONE);
  }
}
