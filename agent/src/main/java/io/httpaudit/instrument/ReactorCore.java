package io.httpaudit.instrument;

import java.util.ArrayList;
import java.util.List;

/**
 * Reactor, where one signal reaches several subscribers, or one who subscribed on another thread:
 * caches, sinks, what is shared, published or replayed, what {@code create} gives away. Whoever
 * emits does so for others: what each goes on with then is in the context in which it subscribed,
 * or in none. Everything else of Reactor's runs for one subscriber, on the thread of whoever
 * emitted to it, or of an executor.
 *
 * <p>Told is who waits: the object between such a publisher and its subscriber, or, where the
 * publisher calls the subscriber itself, that one. What one thread drains for all, such as asking
 * the source for more, is in no context.
 *
 * <p>A signal costs a look into {@link HttpAuditTasks}, and allocates nothing; a subscription costs
 * 40 bytes until it is over.
 */
final class ReactorCore implements Library {
  private static final String PUBLISHER = "reactor/core/publisher/";

  private final List<Point> points = new ArrayList<>();

  ReactorCore() {
    monos();
    drained();
    replayed();
    direct();
    unicast();
    created();
  }

  @Override
  public Point[] points() {
    return points.toArray(new Point[0]);
  }

  private void waits(String owner, String method, int slot) {
    points.add(Point.subscribes(PUBLISHER + owner, method, "", slot));
  }

  /** In these methods of {@code owner}, who waits in {@code slot} is told of a signal. */
  private void resumes(String owner, int slot, String... methods) {
    for (String method : methods) {
      points.add(Point.resumes(PUBLISHER + owner, method, "", slot));
    }
  }

  /** In these, {@code this} is told of its only, or its last one. */
  private void ends(String owner, String... methods) {
    for (String method : methods) {
      points.add(Point.runsItself(PUBLISHER + owner, method, ""));
    }
  }

  /** Where {@code method} calls these of one who waits, that one is told of its only signal. */
  private void endsAt(String owner, String method, String... calls) {
    for (String call : calls) {
      points.add(Point.endsAt(PUBLISHER + owner, method, call));
    }
  }

  private void resumesAt(String owner, String method, String... calls) {
    for (String call : calls) {
      points.add(Point.resumesAt(PUBLISHER + owner, method, call));
    }
  }

  /** Caches and sinks of one signal. Where it is there already, nobody waits any more. */
  private void monos() {
    waits("NextProcessor", "add", 1);
    endsAt("NextProcessor", "tryEmitValue", "complete", "onComplete");
    endsAt("NextProcessor", "tryEmitError", "onError");
    endsAt("NextProcessor", "dispose", "onError");
    endsAt("NextProcessor", "subscribe", "complete", "onComplete");

    waits("SinkEmptyMulticast", "add", 1);
    endsAt("SinkEmptyMulticast", "tryEmitEmpty", "complete");
    endsAt("SinkEmptyMulticast", "tryEmitError", "error");
    endsAt("SinkEmptyMulticast", "subscribe", "complete");
    waits("SinkOneMulticast", "add", 1);
    endsAt("SinkOneMulticast", "tryEmitValue", "complete");
    endsAt("SinkOneMulticast", "subscribe", "complete");

    String coordinator = "$CoordinatorSubscriber";
    waits("MonoCacheTime" + coordinator, "add", 1);
    endsAt("MonoCacheTime" + coordinator, "signalCached", "complete", "onError", "onComplete");
    waits("MonoCacheInvalidateIf" + coordinator, "add", 1);
    endsAt("MonoCacheInvalidateIf" + coordinator, "onNext", "complete");
    endsAt("MonoCacheInvalidateIf" + coordinator, "onError", "onError");
    endsAt("MonoCacheInvalidateIf" + coordinator, "onComplete", "onError");
    waits("MonoCacheInvalidateWhen" + coordinator, "add", 1);
    endsAt("MonoCacheInvalidateWhen" + coordinator, "cacheLoad", "complete");
    endsAt("MonoCacheInvalidateWhen" + coordinator, "cacheLoadFailure", "onError");
  }

  /** Whoever comes first calls the subscribers of all, for everybody. */
  private void drained() {
    waits("FluxPublish$PubSubInner", "<init>", 1);
    String publish = "FluxPublish$PublishSubscriber";
    resumesAt(publish, "disconnectAction", "onError");
    resumesAt("EmitterProcessor", "detach", "onError");
    resumesAt("SinkManyEmitterProcessor", "detach", "onError");
    for (String owner : new String[] {publish, "EmitterProcessor", "SinkManyEmitterProcessor"}) {
      points.add(Point.outside(PUBLISHER + owner, "drain", ""));
      resumesAt(owner, "drain", "onNext");
      resumesAt(owner, "checkTerminated", "onError", "onComplete");
    }
  }

  private void replayed() {
    for (String owner : new String[] {"FluxReplay", "SinkManyReplayProcessor", "ReplayProcessor"}) {
      waits(owner + "$ReplayInner", "<init>", 0);
    }
    for (String bound : new String[] {"Unbounded", "SizeBound", "SizeAndTimeBound"}) {
      resumes("FluxReplay$" + bound + "ReplayBuffer", 1, "replay");
    }
  }

  private void direct() {
    String inner = "SinkManyBestEffort$DirectInner";
    waits(inner, "<init>", 0);
    resumes(inner, 0, "tryEmitNext", "directEmitNext");
    ends(inner, "emitError", "emitComplete");
  }

  /** They have one subscriber at the most, which waits by their own name. */
  private void unicast() {
    for (String owner :
        new String[] {"SinkManyUnicast", "UnicastProcessor", "FluxGroupBy$UnicastGroupedFlux"}) {
      waits(owner, "subscribe", 0);
      resumes(owner, 0, "drain");
    }
    waits("SinkManyUnicastNoBackpressure", "subscribe", 0);
    resumes("SinkManyUnicastNoBackpressure", 0, "tryEmitNext", "tryEmitError", "tryEmitComplete");
  }

  /** What an application's callback emits through. */
  private void created() {
    waits("MonoCreate$DefaultMonoSink", "<init>", 0);
    ends("MonoCreate$DefaultMonoSink", "success", "error");
    waits("FluxCreate$BaseSink", "<init>", 0);
    ends("FluxCreate$BaseSink", "complete", "error");
    resumes("FluxCreate$IgnoreSink", 0, "next");
    resumes("FluxCreate$NoOverflowBaseAsyncSink", 0, "next");
    resumes("FluxCreate$BufferAsyncSink", 0, "drain");
    resumes("FluxCreate$LatestAsyncSink", 0, "drain");
  }
}
