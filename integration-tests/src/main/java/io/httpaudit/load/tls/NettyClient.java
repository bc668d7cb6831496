package io.httpaudit.load.tls;

import io.httpaudit.stacks.Asked;
import io.httpaudit.stacks.Daemons;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client on Netty, a connection a thread, whose TLS is what the context says. */
final class NettyClient {
  private static final int LARGEST = 1 << 20;
  private static final int PIECE = 3_001;

  private final SslContext tls;
  private final int port;
  private final EventLoopGroup loops;

  private final ThreadLocal<Wire> wire = new ThreadLocal<>();

  NettyClient(SslContext tls, int port, EventLoopGroup loops) {
    this.tls = tls;
    this.port = port;
    this.loops = loops;
  }

  /** A connection, and what comes from it. */
  private record Wire(Channel channel, BlockingQueue<Answer> answers) {}

  private record Answer(int status, byte[] body, boolean last) {}

  void make(Asked asked) throws IOException, InterruptedException {
    send(asked);
    if (receive(asked)) {
      close();
    }
  }

  /**
   * Takes the next response, which is this one's.
   *
   * @return whether the server closes behind it
   */
  boolean receive(Asked asked) throws IOException, InterruptedException {
    Answer answer = wire.get().answers.poll(30, TimeUnit.SECONDS);
    if (answer == null) {
      throw new IOException(asked + ": no answer");
    }
    asked.check(answer.status, answer.body);
    return answer.last;
  }

  /** This thread's connection: the next request opens another one. */
  void close() throws InterruptedException {
    wire.get().channel.close().sync();
    wire.remove();
  }

  /** Sends a request, and waits for nothing: more may follow. */
  void send(Asked asked) throws InterruptedException {
    if (wire.get() == null) {
      wire.set(connect());
    }
    Channel channel = wire.get().channel;
    HttpRequest head =
        new DefaultHttpRequest(
            HttpVersion.HTTP_1_1, HttpMethod.valueOf(asked.method()), asked.wanted().target());
    head.headers().set(HttpHeaderNames.HOST, "localhost:" + port).set("Sent", "" + asked.bytes());
    if (asked.chunked()) {
      HttpUtil.setTransferEncodingChunked(head, true);
    } else if (asked.hasBody()) {
      HttpUtil.setContentLength(head, asked.bytes());
    }
    channel.write(head);
    byte[] body = asked.body();
    for (int at = 0; at < body.length; at += PIECE) {
      int length = Math.min(body.length - at, PIECE);
      channel.write(new DefaultHttpContent(Unpooled.wrappedBuffer(body, at, length)));
    }
    channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
  }

  private Wire connect() throws InterruptedException {
    BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
    Channel channel =
        new Bootstrap()
            .group(loops)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel connected) {
                    connected
                        .pipeline()
                        .addLast(
                            tls.newHandler(connected.alloc(), "localhost", port),
                            new HttpClientCodec(),
                            new HttpObjectAggregator(LARGEST),
                            new Answers(answers));
                  }
                })
            .connect(new InetSocketAddress("127.0.0.1", port))
            .sync()
            .channel();
    return new Wire(channel, answers);
  }

  private static final class Answers extends SimpleChannelInboundHandler<FullHttpResponse> {
    private final BlockingQueue<Answer> answers;

    Answers(BlockingQueue<Answer> answers) {
      this.answers = answers;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
      answers.add(
          new Answer(
              response.status().code(),
              ByteBufUtil.getBytes(response.content()),
              !HttpUtil.isKeepAlive(response)));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      Daemons.fail(new IOException(cause));
    }
  }
}
