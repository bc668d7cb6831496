package io.httpaudit.observe;

import java.util.Set;

/**
 * One method of the JDK, or of Netty's transports, that is hooked: which, and what of {@link
 * HttpAudit} it calls. Chosen by the method's presence, not by the JDK's version: close moved to
 * UnixDispatcher, and sendfile to FileDispatcherImpl, between 17 and 25.
 *
 * <p>{@code arguments} are what each call gets, in order, behind the result or the exception where
 * there is one: a digit is a local variable's slot with its type ({@code 1A} object, {@code 2J}
 * long, {@code 4I} int; {@code 2T}: a Throwable, where the method has put one); a field of {@code
 * this} is {@code owner.name:descriptor}, one of an argument {@code
 * slot>cast>owner.name:descriptor}. {@link #NUMBER} before a slot, or before a field of {@code
 * this} as {@code name:descriptor}, and of that in turn: the number of the descriptor of Netty's
 * that is there; {@code 2P}: the address of its peer.
 *
 * @param owner internal name
 * @param at name of the method before whose call, in this one, {@code before} is called; empty: at
 *     entry
 * @param before called at entry, or empty
 * @param after called at each return, or empty
 * @param failed called when it throws, or empty
 */
record Hook(
    String owner,
    String method,
    String descriptor,
    String at,
    String before,
    String after,
    String failed,
    String[] arguments,
    String[] failedArguments) {
  static final String NUMBER = "#";

  /** Of Netty's buffer that is the last argument of the call {@link #at}: what is readable. */
  static final String BUFFER = "B";

  private static final String CH = "sun/nio/ch/";
  private static final String FD = "Ljava/io/FileDescriptor;";
  private static final String ADDRESS = "Ljava/net/InetAddress;";
  private static final Set<String> CARRYING = Set.of("beforeRead", "beforeWrite", "beforeWritev");
  private static final String[] NONE = {};
  private static final String[] BYTES = {"1A", "2J", "4I"};
  private static final String[] FIRST = {"1A"};

  /** Every one of JDK 17 and 25; of some pairs, each has one. */
  static final Hook[] ALL = {
    bytes("read", "(" + FD + "JI)I", "beforeRead", "afterRead", "readFailed"),
    bytes("readv", "(" + FD + "JI)J", "beforeRead", "afterReadv", "readFailed"),
    bytes("write", "(" + FD + "JI)I", "beforeWrite", "afterWrite", "writeFailed"),
    bytes("writev", "(" + FD + "JI)J", "beforeWritev", "afterWritev", "writeFailed"),
    after(
        "FileChannelImpl",
        "transferToDirectlyInternal",
        "(JILjava/nio/channels/WritableByteChannel;" + FD + ")J",
        "afterSendfile",
        "5A"),
    after("FileDispatcherImpl", "transferTo", "(" + FD + "JJ" + FD + "Z)J", "afterSendfile", "6A"),
    after(
        "SocketChannelImpl",
        "sendOutOfBandData",
        "(B)I",
        "afterUrgent",
        CH + "SocketChannelImpl.fd:" + FD),
    after(
        "NioSocketImpl",
        "sendUrgentData",
        "(I)V",
        "afterUrgentByte",
        "java/net/SocketImpl.fd:" + FD),
    new Hook(
        CH + "Net",
        "connect",
        "(Ljava/net/ProtocolFamily;" + FD + ADDRESS + "I)I",
        "",
        "beforeConnect",
        "afterConnect",
        "connectFailed",
        new String[] {"1A", "2A", "3I"},
        new String[] {"1A", "2A", "3I"}),
    // How a connect that was in progress ended: poll(2) and SO_ERROR, or the caller's own patience.
    finishing("Net", "pollConnectNow", "(" + FD + ")Z", "connectPolled", "0A"),
    finishing("NioSocketImpl", "timedFinishConnect", "(" + FD + "J)Z", "", "1A"),
    finishing(
        "SocketChannelImpl", "finishTimedConnect", "(J)Z", "", CH + "SocketChannelImpl.fd:" + FD),
    after(
        "UnixAsynchronousSocketChannelImpl",
        "setConnected",
        "()V",
        "connectFinished",
        CH + "UnixAsynchronousSocketChannelImpl.fd:" + FD),
    new Hook(
        CH + "UnixAsynchronousSocketChannelImpl",
        "finishConnect",
        "(Z)V",
        "close",
        "connectFinishFailed",
        "",
        "",
        new String[] {"2T", CH + "UnixAsynchronousSocketChannelImpl.fd:" + FD},
        NONE),
    // A datagram socket's connect passes Net.connect, too.
    new Hook(
        CH + "DatagramChannelImpl",
        "connect",
        "(Ljava/net/SocketAddress;Z)Ljava/nio/channels/DatagramChannel;",
        "connect",
        "beforeDatagramConnect",
        "",
        "",
        new String[] {CH + "DatagramChannelImpl.fd:" + FD},
        NONE),
    after(
        "SocketChannelImpl",
        "<init>",
        "(Ljava/nio/channels/spi/SelectorProvider;Ljava/net/ProtocolFamily;"
            + FD
            + "Ljava/net/SocketAddress;)V",
        "acceptedChannel",
        "3A",
        "4A"),
    after(
        "UnixAsynchronousSocketChannelImpl",
        "<init>",
        "(Lsun/nio/ch/Port;" + FD + "Ljava/net/InetSocketAddress;)V",
        "acceptedChannel",
        "2A",
        "3A"),
    after(
        "NioSocketImpl",
        "accept",
        "(Ljava/net/SocketImpl;)V",
        "acceptedSocket",
        "1>" + CH + "NioSocketImpl>java/net/SocketImpl.fd:" + FD,
        "1>" + CH + "NioSocketImpl>java/net/SocketImpl.address:" + ADDRESS,
        "1>" + CH + "NioSocketImpl>java/net/SocketImpl.port:I"),
    after("NioSocketImpl", "listen", "(I)V", "listening", "java/net/SocketImpl.fd:" + FD),
    after(
        "ServerSocketChannelImpl",
        "netBind",
        "(Ljava/net/SocketAddress;I)Ljava/net/SocketAddress;",
        "listening",
        CH + "ServerSocketChannelImpl.fd:" + FD),
    after(
        "AsynchronousServerSocketChannelImpl",
        "bind",
        "(Ljava/net/SocketAddress;I)Ljava/nio/channels/AsynchronousServerSocketChannel;",
        "listening",
        CH + "AsynchronousServerSocketChannelImpl.fd:" + FD),
    closing("SocketDispatcher", "preClose", "(" + FD + ")V"),
    // The same in 17's later updates: 17.0.15 has the one, 17.0.21 the other.
    closing("SocketDispatcher", "preClose", "(" + FD + "JJ)V"),
    closing("SocketDispatcher", "close", "(" + FD + ")V"),
    closing("UnixDispatcher", "implPreClose", "(" + FD + "JJ)V"),
    closing("UnixDispatcher", "close", "(" + FD + ")V"),
  };

  private static Hook bytes(
      String method, String descriptor, String before, String after, String failed) {
    return new Hook(
        CH + "SocketDispatcher", method, descriptor, "", before, after, failed, BYTES, NONE);
  }

  private static Hook after(
      String owner, String method, String descriptor, String after, String... arguments) {
    return new Hook(CH + owner, method, descriptor, "", "", after, "", arguments, NONE);
  }

  private static Hook finishing(
      String owner, String method, String descriptor, String after, String fd) {
    String[] arguments = {fd};
    return new Hook(
        CH + owner, method, descriptor, "", "", after, "connectFinishFailed", arguments, arguments);
  }

  private static Hook closing(String owner, String method, String descriptor) {
    return new Hook(CH + owner, method, descriptor, "", "closing", "", "", FIRST, NONE);
  }

  /**
   * Whether what the before-call returns is told to those behind it, behind what they begin with.
   */
  boolean carries() {
    return CARRYING.contains(before);
  }

  /** Whether the after-call is told what the method returned. */
  boolean tellsResult() {
    return !after.equals("listening") && !descriptor.endsWith("V");
  }
}
