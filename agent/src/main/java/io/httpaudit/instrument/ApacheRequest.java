package io.httpaudit.instrument;

import io.httpaudit.trace.Propagation;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * A request of Apache HttpClient's, 4 or 5, while its head is written: it has our fields meanwhile,
 * and not when the application looks again.
 */
final class ApacheRequest {
  private static final Property METHOD = new Property("getMethod()");
  private static final Property REQUEST_LINE = new Property("getRequestLine()");

  private final Object request;
  private final List<String> names = new ArrayList<>(3);

  private ApacheRequest(Object request) {
    this.request = request;
  }

  /** Whether it is known to be none that asks a proxy for a tunnel. */
  static boolean isTold(Object request) throws Throwable {
    Object line = REQUEST_LINE.of(request);
    Object method = METHOD.of(line == null ? request : line);
    return method != null && !method.equals("CONNECT");
  }

  /** The request with what carries {@code context}, until it is cleared. */
  static ApacheRequest carrying(Propagation propagation, HttpAuditContext context, Object request) {
    ApacheRequest carrying = new ApacheRequest(request);
    propagation.inject(context, carrying, Fields.ALL, null);
    return carrying;
  }

  void clear() {
    try {
      for (String name : names) {
        Path.ALL.get(request.getClass()).remove.invokeExact(request, (Object) name);
      }
    } catch (Throwable e) {
      HttpAudit.countFault();
    }
  }

  /** Of either version's HttpMessage, as a class sees it that implements it. */
  private static final class Path {
    static final ClassValue<Path> ALL =
        new ClassValue<>() {
          @Override
          protected Path computeValue(Class<?> request) {
            try {
              return new Path(request);
            } catch (ReflectiveOperationException e) {
              throw new LinkageError(e.getMessage());
            }
          }
        };

    final MethodHandle first;
    final MethodHandle set;
    final MethodHandle remove;

    Path(Class<?> request) throws ReflectiveOperationException {
      boolean of5 = isOf5(request);
      String room = of5 ? "org.apache.hc.core5.http." : "org.apache.http.";
      Class<?> message = Access.type(request, room + "HttpMessage");
      Class<?> header = Access.type(request, room + "Header");
      first = Access.method(message, "getFirstHeader", header, String.class);
      set =
          Access.method(
              message, "setHeader", void.class, String.class, of5 ? Object.class : String.class);
      MethodHandle removes =
          Access.method(message, "removeHeaders", of5 ? boolean.class : void.class, String.class);
      remove = removes.asType(removes.type().changeReturnType(void.class));
    }

    /** Whether a type that it has, or extends, is of that version. */
    private static boolean isOf5(Class<?> type) {
      if (type == null) {
        return false;
      }
      for (Class<?> of : type.getInterfaces()) {
        if (of.getName().startsWith("org.apache.hc.core5.") || isOf5(of)) {
          return true;
        }
      }
      return isOf5(type.getSuperclass());
    }
  }

  private static final class Fields implements Propagation.Fields<ApacheRequest> {
    static final Fields ALL = new Fields();

    private static final Property VALUE = new Property("getValue()");

    @Override
    public String get(ApacheRequest sent, String name) {
      try {
        Path path = Path.ALL.get(sent.request.getClass());
        Object header = (Object) path.first.invokeExact(sent.request, (Object) name);
        return header == null ? null : (String) VALUE.of(header);
      } catch (Throwable e) {
        HttpAudit.countFault();
        // As if the application had set it: nothing is written then.
        return "";
      }
    }

    @Override
    public void set(ApacheRequest sent, String name, String value) {
      try {
        Path path = Path.ALL.get(sent.request.getClass());
        path.set.invokeExact(sent.request, (Object) name, (Object) value);
        sent.names.add(name);
      } catch (Throwable e) {
        HttpAudit.countFault();
      }
    }
  }
}
