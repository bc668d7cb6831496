package io.httpaudit.stacks;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerExpectContinueHandler;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** Requests are answered on the event loop: one that blocks holds up its loop's others. */
public class NettyStack implements Stack {
  private static final int LARGEST = 1 << 20;

  /** Netty 4.2 has another way to make one; this one is in both. */
  @SuppressWarnings("deprecation")
  EventLoopGroup loops(int count) {
    return new NioEventLoopGroup(count, Daemons::thread);
  }

  Class<? extends ServerChannel> transport() {
    return NioServerSocketChannel.class;
  }

  @Override
  public int serve(SSLContext tls, Responder responder) throws Exception {
    return ((InetSocketAddress)
            new ServerBootstrap()
                .group(loops(1), loops(32))
                .channel(transport())
                .childHandler(
                    new ChannelInitializer<SocketChannel>() {
                      @Override
                      protected void initChannel(SocketChannel channel) {
                        if (tls != null) {
                          SSLEngine engine = tls.createSSLEngine();
                          engine.setUseClientMode(false);
                          channel.pipeline().addLast(new SslHandler(engine));
                        }
                        channel
                            .pipeline()
                            .addLast(
                                new HttpServerCodec(),
                                new HttpServerExpectContinueHandler(),
                                new HttpObjectAggregator(LARGEST),
                                new Answering(responder),
                                new Echo());
                      }
                    })
                .bind("127.0.0.1", 0)
                .sync()
                .channel()
                .localAddress())
        .getPort();
  }

  private static final class Answering extends SimpleChannelInboundHandler<FullHttpRequest> {
    private final Responder responder;

    Answering(Responder responder) {
      this.responder = responder;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request)
        throws Exception {
      if (request.headers().contains(HttpHeaderNames.UPGRADE)) {
        new WebSocketServerHandshakerFactory(request.uri(), null, false)
            .newHandshaker(request)
            .handshake(context.channel(), request);
      } else if (Wanted.isAsync(request.uri())) {
        request.retain();
        Daemons.elsewhere(() -> answer(context, request));
      } else {
        answer(context, request);
      }
    }

    private void answer(ChannelHandlerContext context, FullHttpRequest request) throws Exception {
      Answer answer =
          responder.answer(
              request.method().name(),
              request.uri(),
              request.headers().get("Sent"),
              ByteBufUtil.getBytes(request.content()));
      HttpResponse head =
          new DefaultHttpResponse(
              HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(answer.status()));
      if (answer.chunked()) {
        HttpUtil.setTransferEncodingChunked(head, true);
      } else if (answer.status() != 204) {
        head.headers().set(HttpHeaderNames.CONTENT_LENGTH, answer.length());
      }
      context.write(head);
      if (answer.body().length > 0) {
        context.write(new DefaultHttpContent(Unpooled.wrappedBuffer(answer.body())));
      }
      context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }

  /** Says whatever it hears, over a WebSocket. */
  private static final class Echo extends SimpleChannelInboundHandler<WebSocketFrame> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
      boolean last = frame instanceof CloseWebSocketFrame;
      ChannelFuture written = context.writeAndFlush(frame.retain());
      if (last) {
        written.addListener(ChannelFutureListener.CLOSE);
      }
    }
  }
}
