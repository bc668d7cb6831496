package io.httpaudit.load.tls;

import io.httpaudit.stacks.Bodies;
import io.httpaudit.stacks.Daemons;
import io.httpaudit.stacks.Wanted;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetSocketAddress;

/** A server on Netty, whose TLS is what the context says. */
final class NettyServer extends ChannelInitializer<SocketChannel> {
  private static final int LARGEST = 1 << 20;

  private final SslContext tls;

  private NettyServer(SslContext tls) {
    this.tls = tls;
  }

  static int start(SslContext tls, EventLoopGroup loops) throws InterruptedException {
    var listening =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .childHandler(new NettyServer(tls))
            .bind(new InetSocketAddress("127.0.0.1", 0))
            .sync()
            .channel();
    return ((InetSocketAddress) listening.localAddress()).getPort();
  }

  @Override
  protected void initChannel(SocketChannel accepted) {
    accepted
        .pipeline()
        .addLast(
            tls.newHandler(accepted.alloc()),
            new HttpServerCodec(),
            new HttpObjectAggregator(LARGEST),
            new Answers());
  }

  private static final class Answers extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final int PIECE = 7_001;

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request)
        throws IOException {
      Wanted wanted = Wanted.of(request.uri());
      int sent = Integer.parseInt(request.headers().get("Sent"));
      Bodies.check(wanted.number(), sent, ByteBufUtil.getBytes(request.content()));
      HttpResponse head =
          new DefaultHttpResponse(
              HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(wanted.status()));
      if (wanted.isChunked()) {
        HttpUtil.setTransferEncodingChunked(head, true);
      } else if (wanted.status() == 200) {
        HttpUtil.setContentLength(head, wanted.bytes());
      }
      context.write(head);
      byte[] body = Bodies.of(wanted.number(), wanted.bytes());
      for (int at = 0; at < body.length && !request.method().equals(HttpMethod.HEAD); at += PIECE) {
        int length = Math.min(body.length - at, PIECE);
        context.write(new DefaultHttpContent(Unpooled.wrappedBuffer(body, at, length)));
      }
      context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      Daemons.fail(new IOException(cause));
    }
  }
}
