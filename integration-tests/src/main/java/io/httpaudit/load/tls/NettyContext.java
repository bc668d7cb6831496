package io.httpaudit.load.tls;

import io.httpaudit.stacks.Keys;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import org.conscrypt.OpenSSLProvider;

/**
 * Netty's TLS on the engine of a library: {@code openssl} (tcnative), {@code conscrypt}, {@code
 * jdk}.
 */
final class NettyContext {
  private NettyContext() {}

  static SslContext server(Path store, String engine, String version)
      throws IOException, GeneralSecurityException {
    return with(SslContextBuilder.forServer(Keys.keys(store)), engine, version);
  }

  /** It asks no server who it is but whether the key store knows it. */
  static SslContext client(Path store, String engine, String version)
      throws IOException, GeneralSecurityException {
    return with(
        SslContextBuilder.forClient()
            .trustManager(Keys.trust(store))
            .endpointIdentificationAlgorithm(""),
        engine,
        version);
  }

  private static SslContext with(SslContextBuilder context, String engine, String version)
      throws IOException {
    return context
        .sslProvider(engine.equals("openssl") ? SslProvider.OPENSSL : SslProvider.JDK)
        .sslContextProvider(engine.equals("conscrypt") ? new OpenSSLProvider() : null)
        .protocols(version)
        .build();
  }
}
