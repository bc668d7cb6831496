package io.httpaudit.load;

import java.nio.ByteBuffer;
import java.security.KeyManagementException;
import java.security.SecureRandom;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

/** An application's own engines: another's, wrapped. */
final class WrappedEngines extends SSLContextSpi {
  private final SSLContext of;

  private WrappedEngines(SSLContext of) {
    this.of = of;
  }

  static SSLContext context(SSLContext of) {
    return new SSLContext(new WrappedEngines(of), of.getProvider(), of.getProtocol()) {};
  }

  @Override
  protected void engineInit(KeyManager[] keys, TrustManager[] trusted, SecureRandom random)
      throws KeyManagementException {
    throw new KeyManagementException();
  }

  @Override
  protected SSLSocketFactory engineGetSocketFactory() {
    return of.getSocketFactory();
  }

  @Override
  protected SSLServerSocketFactory engineGetServerSocketFactory() {
    return of.getServerSocketFactory();
  }

  @Override
  protected SSLEngine engineCreateSSLEngine() {
    return new Wrapped(of.createSSLEngine());
  }

  @Override
  protected SSLEngine engineCreateSSLEngine(String host, int port) {
    return new Wrapped(of.createSSLEngine(host, port));
  }

  @Override
  protected SSLSessionContext engineGetServerSessionContext() {
    return of.getServerSessionContext();
  }

  @Override
  protected SSLSessionContext engineGetClientSessionContext() {
    return of.getClientSessionContext();
  }

  private static final class Wrapped extends SSLEngine {
    private final SSLEngine wrapped;

    Wrapped(SSLEngine wrapped) {
      this.wrapped = wrapped;
    }

    @Override
    public SSLEngineResult wrap(ByteBuffer[] from, int offset, int length, ByteBuffer to)
        throws SSLException {
      return wrapped.wrap(from, offset, length, to);
    }

    @Override
    public SSLEngineResult unwrap(ByteBuffer from, ByteBuffer[] to, int offset, int length)
        throws SSLException {
      return wrapped.unwrap(from, to, offset, length);
    }

    @Override
    public String[] getSupportedCipherSuites() {
      return wrapped.getSupportedCipherSuites();
    }

    @Override
    public String[] getEnabledCipherSuites() {
      return wrapped.getEnabledCipherSuites();
    }

    @Override
    public void setEnabledCipherSuites(String[] of) {
      wrapped.setEnabledCipherSuites(of);
    }

    @Override
    public String[] getSupportedProtocols() {
      return wrapped.getSupportedProtocols();
    }

    @Override
    public String[] getEnabledProtocols() {
      return wrapped.getEnabledProtocols();
    }

    @Override
    public void setEnabledProtocols(String[] of) {
      wrapped.setEnabledProtocols(of);
    }

    @Override
    public SSLSession getSession() {
      return wrapped.getSession();
    }

    @Override
    public SSLSession getHandshakeSession() {
      return wrapped.getHandshakeSession();
    }

    @Override
    public void beginHandshake() throws SSLException {
      wrapped.beginHandshake();
    }

    @Override
    public SSLEngineResult.HandshakeStatus getHandshakeStatus() {
      return wrapped.getHandshakeStatus();
    }

    @Override
    public void setUseClientMode(boolean of) {
      wrapped.setUseClientMode(of);
    }

    @Override
    public boolean getUseClientMode() {
      return wrapped.getUseClientMode();
    }

    @Override
    public void setNeedClientAuth(boolean of) {
      wrapped.setNeedClientAuth(of);
    }

    @Override
    public boolean getNeedClientAuth() {
      return wrapped.getNeedClientAuth();
    }

    @Override
    public void setWantClientAuth(boolean of) {
      wrapped.setWantClientAuth(of);
    }

    @Override
    public boolean getWantClientAuth() {
      return wrapped.getWantClientAuth();
    }

    @Override
    public void setEnableSessionCreation(boolean of) {
      wrapped.setEnableSessionCreation(of);
    }

    @Override
    public boolean getEnableSessionCreation() {
      return wrapped.getEnableSessionCreation();
    }

    @Override
    public Runnable getDelegatedTask() {
      return wrapped.getDelegatedTask();
    }

    @Override
    public void closeInbound() throws SSLException {
      wrapped.closeInbound();
    }

    @Override
    public boolean isInboundDone() {
      return wrapped.isInboundDone();
    }

    @Override
    public void closeOutbound() {
      wrapped.closeOutbound();
    }

    @Override
    public boolean isOutboundDone() {
      return wrapped.isOutboundDone();
    }

    @Override
    public SSLParameters getSSLParameters() {
      return wrapped.getSSLParameters();
    }

    @Override
    public void setSSLParameters(SSLParameters of) {
      wrapped.setSSLParameters(of);
    }

    @Override
    public String getApplicationProtocol() {
      return wrapped.getApplicationProtocol();
    }

    @Override
    public String getHandshakeApplicationProtocol() {
      return wrapped.getHandshakeApplicationProtocol();
    }
  }
}
