package io.httpaudit.stacks;

import java.security.KeyManagementException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;
import org.apache.tomcat.util.net.SSLContext;

/** Tomcat's idea of a context, by the JDK's. */
record TomcatTls(javax.net.ssl.SSLContext of) implements SSLContext {
  @Override
  public void init(KeyManager[] keys, TrustManager[] trust, SecureRandom random)
      throws KeyManagementException {}

  @Override
  public void destroy() {}

  @Override
  public SSLSessionContext getServerSessionContext() {
    return of.getServerSessionContext();
  }

  @Override
  public SSLEngine createSSLEngine() {
    return of.createSSLEngine();
  }

  @Override
  public SSLServerSocketFactory getServerSocketFactory() {
    return of.getServerSocketFactory();
  }

  @Override
  public SSLParameters getSupportedSSLParameters() {
    return of.getSupportedSSLParameters();
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return new X509Certificate[0];
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
