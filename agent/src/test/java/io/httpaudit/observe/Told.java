package io.httpaudit.observe;

import io.httpaudit.correlate.Call;
import io.httpaudit.correlate.JvmEvents;
import io.httpaudit.correlate.MessageHead;
import io.httpaudit.correlate.Side;
import io.httpaudit.correlate.SocketError;
import io.httpaudit.correlate.Tls;
import io.httpaudit.flow.Endpoint;
import java.util.ArrayList;
import java.util.List;

/** What came out of the hooks, a line each, without times. */
public final class Told implements JvmEvents {
  final List<String> lines = new ArrayList<>();
  final List<MessageHead> heads = new ArrayList<>();

  public static List<String> of(Sockets sockets) {
    Told told = new Told();
    sockets.observer.drain(told, Integer.MAX_VALUE);
    return told.lines;
  }

  private static String what(boolean request) {
    return request ? "request " : "response ";
  }

  @Override
  public void opened(
      long connection,
      Side side,
      Endpoint local,
      Endpoint peer,
      long flow,
      long entry,
      long exit,
      long call) {
    lines.add(
        connection
            + " opened "
            + side
            + " "
            + local
            + " "
            + peer
            + " flow "
            + flow
            + (entry <= exit ? "" : " times"));
  }

  @Override
  public void connectFailed(
      long connection,
      Endpoint local,
      Endpoint peer,
      long flow,
      long entry,
      long exit,
      SocketError error,
      long call) {
    lines.add(connection + " failed " + error + " " + local + " " + peer);
  }

  @Override
  public void call(Call call) {
    lines.add("call" + (call.parent == 0 ? " root" : "") + (call.taken == 0 ? "" : " taken"));
  }

  @Override
  public void resolved(long span, long start, long end) {
    lines.add("resolved" + (start <= end ? "" : " times"));
  }

  @Override
  public void route(long connection, long index, String route) {
    lines.add(connection + " route of " + index + " " + route);
  }

  @Override
  public void connectFailed(long connection, SocketError error, long at) {
    lines.add(connection + " failed " + error);
  }

  @Override
  public void messageHead(long connection, MessageHead head) {
    heads.add(head);
    lines.add(connection + " head of " + what(head.request()) + head.index());
  }

  @Override
  public void messageEnd(
      long connection, boolean request, long index, long end, long next, long at, boolean proven) {
    lines.add(
        connection + " end of " + what(request) + index + " at " + end + (proven ? "" : " cut"));
  }

  @Override
  public void boundaryUnknown(long connection, MessageHead partial) {
    lines.add(
        connection
            + " unknown "
            + what(partial.request())
            + partial.index()
            + " from "
            + partial.offset());
  }

  @Override
  public void upgraded(
      long connection, long outOffset, long inOffset, String outcome, boolean named) {
    lines.add(connection + " " + outcome + " " + outOffset + " " + inOffset);
  }

  @Override
  public void handshake(long connection, long from, long to) {
    lines.add(connection + " handshake " + from + " to " + to);
  }

  @Override
  public void tls(long connection, Tls tls) {
    lines.add(connection + " " + tls);
  }

  @Override
  public void tcpInfo(long connection, long rttMicros, long retransmits) {
    lines.add(connection + " tcp " + rttMicros + " " + retransmits);
  }

  @Override
  public void closed(
      long connection,
      long bytesOut,
      long bytesIn,
      long lastWrite,
      long lastRead,
      SocketError error,
      long at,
      long understood) {
    lines.add(connection + " closed out " + bytesOut + " in " + bytesIn + " " + error);
  }
}
