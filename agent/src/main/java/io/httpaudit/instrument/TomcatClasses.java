package io.httpaudit.instrument;

import java.lang.invoke.MethodHandle;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.SocketChannel;

/** The ways from one Tomcat's request to its channel, and to the servlet that it was mapped to. */
final class TomcatClasses {
  final MethodHandle hook;
  final Class<?> processor;
  final MethodHandle wrapper;
  final MethodHandle socket;
  final Class<?> nio;
  final MethodHandle nioChannel;
  final Class<?> nio2;
  final MethodHandle nio2Channel;
  final MethodHandle setNote;
  final MethodHandle getNote;

  /** Of the servlet container's request. */
  final MethodHandle mapping;

  final MethodHandle servlet;
  final MethodHandle servletPath;
  final MethodHandle servletClass;
  final MethodHandle context;
  final MethodHandle contextPath;
  final MethodHandle match;

  /** Of an asynchronous context. */
  final MethodHandle asyncRequest;

  final MethodHandle coyoteRequest;

  /**
   * @param of a class of that Tomcat's
   */
  TomcatClasses(Class<?> of) throws ReflectiveOperationException {
    Class<?> request = Access.type(of, "org.apache.coyote.Request");
    String net = "org.apache.tomcat.util.net.";
    Class<?> socketWrapper = Access.type(request, net + "SocketWrapperBase");
    processor = Access.type(request, "org.apache.coyote.AbstractProcessor");
    nio = Access.type(request, net + "NioChannel");
    nio2 = Access.type(request, net + "Nio2Channel");
    hook = Access.field(request, "hook");
    wrapper = Access.method(processor, "getSocketWrapper", socketWrapper);
    socket = Access.method(socketWrapper, "getSocket", Object.class);
    nioChannel = Access.method(nio, "getIOChannel", SocketChannel.class);
    nio2Channel = Access.method(nio2, "getIOChannel", AsynchronousSocketChannel.class);
    setNote = Access.method(request, "setNote", void.class, int.class, Object.class);
    getNote = Access.method(request, "getNote", Object.class, int.class);

    String catalina = "org.apache.catalina.";
    Class<?> mappingData = Access.type(request, catalina + "mapper.MappingData");
    Class<?> servletWrapper = Access.type(request, catalina + "Wrapper");
    Class<?> servletRequest = Access.type(request, catalina + "connector.Request");
    asyncRequest =
        Access.field(Access.type(request, catalina + "core.AsyncContextImpl"), "request");
    coyoteRequest = Access.method(servletRequest, "getCoyoteRequest", request);
    mapping = Access.method(servletRequest, "getMappingData", mappingData);
    servlet = Access.field(mappingData, "wrapper");
    servletPath = Access.field(mappingData, "wrapperPath");
    servletClass = Access.method(servletWrapper, "getServletClass", String.class);
    context = Access.field(mappingData, "context");
    contextPath =
        Access.method(Access.type(request, catalina + "Context"), "getPath", String.class);
    match = Access.field(mappingData, "matchType");
  }
}
