package io.httpaudit.observe;

/**
 * What is hooked in Netty's native transport, 4.1 and 4.2. Who moves bytes calls a descriptor's or
 * a socket's methods; who opens a connection is a channel of TCP's, since sockets of other families
 * use the same methods. JDK 17 takes those with addresses, 25 those with buffers.
 *
 * <p>Netty sees to it that one thread at a time reads, and one writes: a channel's event loop.
 */
final class NettyHooks {
  private static final String FILE = NettyTransports.DESCRIPTOR;
  private static final String SOCKET = "io/netty/channel/unix/Socket";
  private static final String EPOLL = "io/netty/channel/epoll/";
  private static final String LINUX_SOCKET = EPOLL + "LinuxSocket";
  private static final String CHANNEL = EPOLL + "EpollSocketChannel";
  private static final String SERVER_CHANNEL = EPOLL + "EpollServerSocketChannel";

  private static final String BUFFER = "(Ljava/nio/ByteBuffer;II)I";
  private static final String ADDRESS = "(JII)I";
  private static final String PEER = "Ljava/net/InetAddress;IZ)I";
  private static final String SOCKET_ADDRESS = "Ljava/net/SocketAddress;";

  /** The descriptor's own number. */
  private static final String OWN = Hook.NUMBER + "0";

  /** The number of a channel's socket. */
  private static final String OF_CHANNEL = Hook.NUMBER + "socket:L" + LINUX_SOCKET + ";";

  private static final String[] NONE = {};

  static final Hook[] ALL = {
    reads(FILE, "read", BUFFER),
    reads(FILE, "readAddress", ADDRESS),
    reads(SOCKET, "recv", BUFFER),
    reads(SOCKET, "recvAddress", ADDRESS),
    writes(FILE, "write", BUFFER),
    writes(FILE, "writeAddress", ADDRESS),
    writes(SOCKET, "send", BUFFER),
    writes(SOCKET, "sendAddress", ADDRESS),
    vectors("writev", "([Ljava/nio/ByteBuffer;IIJ)J", OWN, "1A", "2I", "3I"),
    vectors("writevAddresses", "(JI)J", OWN, "1J", "3I"),
    after(
        LINUX_SOCKET,
        "sendFile",
        "(Lio/netty/channel/DefaultFileRegion;JJJ)J",
        "afterNativeSendfile",
        OWN),
    after(EPOLL + "Native", "splice", "(IJIJJ)I", "afterSplice", "0I", "3I"),
    // With TCP fast open (RFC 7413) the first of these connects.
    after(SOCKET, "sendTo", "(Ljava/nio/ByteBuffer;II" + PEER, "afterNativeSendTo", OWN),
    after(SOCKET, "sendToAddress", "(JII" + PEER, "afterNativeSendTo", OWN),
    after(SOCKET, "sendToAddresses", "(JI" + PEER, "afterNativeSendTo", OWN),
    new Hook(
        CHANNEL,
        "doConnect0",
        "(" + SOCKET_ADDRESS + ")Z",
        "",
        "beforeNativeConnect",
        "",
        "",
        new String[] {OF_CHANNEL, "1A"},
        NONE),
    // The failure is told here: Netty closes the socket before it leaves doConnect0.
    new Hook(
        SOCKET,
        "connect",
        "(" + SOCKET_ADDRESS + ")Z",
        "",
        "",
        "afterNativeConnect",
        "nativeConnectFailed",
        new String[] {OWN, "1A"},
        new String[] {OWN, "1A"}),
    new Hook(
        SOCKET,
        "finishConnect",
        "()Z",
        "",
        "",
        "nativeConnectPolled",
        "nativeConnectFinishFailed",
        new String[] {OWN},
        new String[] {OWN}),
    after(
        CHANNEL,
        "<init>",
        "(Lio/netty/channel/Channel;L" + LINUX_SOCKET + ";Ljava/net/InetSocketAddress;)V",
        "acceptedNative",
        Hook.NUMBER + "2",
        "3A"),
    after(SERVER_CHANNEL, "doBind", "(" + SOCKET_ADDRESS + ")V", "listening", OF_CHANNEL),
    // Who closes a second time closes nothing: only the first one gets as far as the native close.
    new Hook(FILE, "close", "()V", "close", "closingNative", "", "", new String[] {OWN}, NONE),
  };

  private NettyHooks() {}

  /** Whether earlier versions lack such a method, and do without it. */
  static boolean isRecent(Hook hook) {
    return hook.owner().equals(SOCKET)
        && (hook.method().startsWith("send") || hook.method().startsWith("recv"));
  }

  private static Hook reads(String owner, String method, String descriptor) {
    boolean buffer = descriptor.equals(BUFFER);
    return new Hook(
        owner,
        method,
        descriptor,
        "",
        "",
        "afterNativeRead",
        "nativeReadFailed",
        buffer ? new String[] {OWN, "1A", "2I"} : new String[] {OWN, "1J", "3I"},
        new String[] {OWN});
  }

  private static Hook writes(String owner, String method, String descriptor) {
    boolean buffer = descriptor.equals(BUFFER);
    return new Hook(
        owner,
        method,
        descriptor,
        "",
        "beforeNativeWrite",
        "afterNativeWrite",
        "nativeWriteFailed",
        buffer ? new String[] {OWN, "1A", "2I", "3I"} : new String[] {OWN, "1J", "3I", "4I"},
        new String[] {OWN});
  }

  private static Hook vectors(String method, String descriptor, String... arguments) {
    return new Hook(
        FILE,
        method,
        descriptor,
        "",
        "beforeNativeWritev",
        "afterNativeWritev",
        "nativeWriteFailed",
        arguments,
        new String[] {OWN});
  }

  /** {@code after} is called behind the whole method. */
  static Hook after(
      String owner, String method, String descriptor, String after, String... arguments) {
    return new Hook(owner, method, descriptor, "", "", after, "", arguments, NONE);
  }
}
