package io.httpaudit.instrument;

import io.httpaudit.observe.Observer;

/** A call starts where this is told, and is known from then on by the object that it is told of. */
final class CallStarts extends HttpAuditProbe {
  private final Observer observer;
  private final ByIdentity<OngoingCall> calls;

  CallStarts(Observer observer, ByIdentity<OngoingCall> calls) {
    this.observer = observer;
    this.calls = calls;
  }

  @Override
  public Object enter(Object by, Object one, Object two) {
    OngoingCall call = OngoingCall.start(observer);
    if (call != null) {
      calls.add(by, call);
    }
    return null;
  }
}
