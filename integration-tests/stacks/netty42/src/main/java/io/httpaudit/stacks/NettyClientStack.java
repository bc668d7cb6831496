package io.httpaudit.stacks;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.pool.AbstractChannelPoolHandler;
import io.netty.channel.pool.ChannelPool;
import io.netty.channel.pool.SimpleChannelPool;
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
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** Channels of a pool, each with the codec; whoever asks waits for what its channel says. */
public final class NettyClientStack implements Stack {
  private static final int LARGEST = 1 << 20;
  private static final long PATIENCE_MILLIS = 60_000;

  /** Netty 4.2 has another way to make one; this one is in both. */
  @SuppressWarnings("deprecation")
  private final EventLoopGroup loops = new NioEventLoopGroup(8, Daemons::thread);

  private final Map<String, ChannelPool> pools = new ConcurrentHashMap<>();

  @Override
  public Client client(SSLContext tls) {
    return (uri, asked) -> {
      Said said = ask(uri, asked, tls);
      while (said.location != null) {
        said = ask(uri.resolve(said.location), asked, tls);
      }
      asked.check(said.status, said.body);
    };
  }

  /** A response; a channel that ends has a status of 0. */
  private record Said(int status, byte[] body, String location, boolean stays) {
    static final Said NOTHING = new Said(0, new byte[0], null, false);
  }

  private Said ask(URI uri, Asked asked, SSLContext tls) throws Exception {
    ChannelPool pool = pools.computeIfAbsent(uri.getAuthority(), server -> pool(uri, tls));
    Channel channel = pool.acquire().get();
    BlockingQueue<Said> hears = channel.pipeline().get(Hearing.class).said;
    Said said = Said.NOTHING;
    try {
      head(channel, uri, asked);
      if (asked.expects()) {
        said = hears.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      }
      if (asked.bytes() > 0) {
        channel.write(new DefaultHttpContent(Unpooled.wrappedBuffer(asked.body())));
      }
      channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
      said =
          hears.poll(
              asked.timeout() == 0 ? PATIENCE_MILLIS : asked.timeout(), TimeUnit.MILLISECONDS);
      if (said == null || said.status == 0) {
        throw new IOException(asked + ": not answered");
      }
      return said;
    } finally {
      if (said == null || !said.stays) {
        channel.close();
      }
      pool.release(channel);
    }
  }

  private static void head(Channel channel, URI uri, Asked asked) {
    HttpRequest head =
        new DefaultHttpRequest(
            HttpVersion.HTTP_1_1, HttpMethod.valueOf(asked.method()), uri.getRawPath());
    head.headers().set(HttpHeaderNames.HOST, uri.getAuthority()).set("Sent", asked.bytes());
    if (asked.chunked()) {
      HttpUtil.setTransferEncodingChunked(head, true);
    } else if (asked.hasBody()) {
      HttpUtil.setContentLength(head, asked.bytes());
    }
    if (asked.expects()) {
      HttpUtil.set100ContinueExpected(head, true);
      channel.writeAndFlush(head);
    } else {
      channel.write(head);
    }
  }

  private ChannelPool pool(URI uri, SSLContext tls) {
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loops)
            .channel(NioSocketChannel.class)
            .remoteAddress(new InetSocketAddress(uri.getHost(), uri.getPort()));
    return new SimpleChannelPool(
        bootstrap,
        new AbstractChannelPoolHandler() {
          @Override
          public void channelCreated(Channel channel) {
            if (tls != null) {
              SSLEngine engine = tls.createSSLEngine(uri.getHost(), uri.getPort());
              engine.setUseClientMode(true);
              channel.pipeline().addLast(new SslHandler(engine));
            }
            channel
                .pipeline()
                .addLast(new HttpClientCodec(), new HttpObjectAggregator(LARGEST), new Hearing());
          }
        });
  }

  private static final class Hearing extends SimpleChannelInboundHandler<FullHttpResponse> {
    final BlockingQueue<Said> said = new LinkedBlockingQueue<>();

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
      said.add(
          new Said(
              response.status().code(),
              ByteBufUtil.getBytes(response.content()),
              response.headers().get(HttpHeaderNames.LOCATION),
              HttpUtil.isKeepAlive(response)));
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      said.add(Said.NOTHING);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
