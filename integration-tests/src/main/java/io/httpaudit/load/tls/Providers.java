package io.httpaudit.load.tls;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Both ends of TLS in one JVM, on Netty: of each pair of engines one is not the JDK's. Arguments:
 * keystore, exchanges of each pair. Says {@code pair SERVER CLIENT VERSION PORT} of each.
 */
public final class Providers {
  private static final int LARGEST = 1 << 24;
  private static final int CONNECTIONS = 4;
  private static final int BURST = 4;

  /** What all exchanges' sizes follow from. */
  private static final Random SIZES = new Random(5);

  private static final EventLoopGroup LOOPS = new NioEventLoopGroup(2);

  private Providers() {}

  public static void main(String[] arguments) throws Exception {
    Path keystore = Path.of(arguments[0]);
    int exchanges = Integer.parseInt(arguments[1]);
    for (String version : new String[] {"TLSv1.2", "TLSv1.3"}) {
      for (String other : new String[] {"openssl", "conscrypt"}) {
        pair(keystore, other, "jdk", version, exchanges);
        pair(keystore, "jdk", other, version, exchanges);
      }
    }
    LOOPS.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
  }

  private static void pair(
      Path keystore, String server, String client, String version, int exchanges) throws Exception {
    // It listens to the end: no other pair gets its port.
    Channel listening = listen(keystore, server, version);
    int port = ((InetSocketAddress) listening.localAddress()).getPort();
    System.out.println("pair " + server + " " + client + " " + version + " " + port);
    for (int i = 0; i < CONNECTIONS; i++) {
      ask(keystore, client, version, port, exchanges / CONNECTIONS);
    }
  }

  private static Channel listen(Path keystore, String provider, String version) throws Exception {
    var tls = NettyContext.server(keystore, provider, version);
    return new ServerBootstrap()
        .group(LOOPS)
        .channel(NioServerSocketChannel.class)
        .childHandler(
            new ChannelInitializer<SocketChannel>() {
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
            })
        .bind(new InetSocketAddress("127.0.0.1", 0))
        .sync()
        .channel();
  }

  /** As many bytes as the path says, whole or in chunks. */
  private static final class Answers extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final int PIECE = 7001;

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
      int size = Integer.parseInt(request.uri().substring(1));
      HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
      if (size % 3 == 1) {
        HttpUtil.setTransferEncodingChunked(head, true);
      } else {
        HttpUtil.setContentLength(head, size);
      }
      context.write(head);
      for (int left = size; left > 0; left -= PIECE) {
        byte[] piece = new byte[Math.min(left, PIECE)];
        context.write(new DefaultHttpContent(Unpooled.wrappedBuffer(piece)));
      }
      context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
    }
  }

  private static void ask(Path keystore, String provider, String version, int port, int exchanges)
      throws Exception {
    BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
    var tls = NettyContext.client(keystore, provider, version);
    Channel channel =
        new Bootstrap()
            .group(LOOPS)
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
                            new SimpleChannelInboundHandler<FullHttpResponse>() {
                              @Override
                              protected void channelRead0(
                                  ChannelHandlerContext context, FullHttpResponse response) {
                                sizes.add(response.content().readableBytes());
                              }
                            });
                  }
                })
            .connect(new InetSocketAddress("127.0.0.1", port))
            .sync()
            .channel();
    for (int done = 0; done < exchanges; done += BURST) {
      int[] expected = new int[BURST];
      for (int i = 0; i < BURST; i++) {
        expected[i] = size();
        int up = SIZES.nextInt(10) == 0 ? size() : 0;
        var request =
            new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1,
                HttpMethod.POST,
                "/" + expected[i],
                Unpooled.wrappedBuffer(new byte[up]));
        request.headers().set("Host", "localhost");
        HttpUtil.setContentLength(request, up);
        channel.write(request);
      }
      channel.flush();
      for (int size : expected) {
        Integer came = sizes.poll(30, TimeUnit.SECONDS);
        if (came == null || came != size) {
          throw new IllegalStateException(provider + " got " + came + " of " + size + " bytes");
        }
      }
    }
    channel.close().sync();
  }

  private static int size() {
    return SIZES.nextInt(20) == 0 ? SIZES.nextInt(200_000) : SIZES.nextInt(2_000);
  }
}
