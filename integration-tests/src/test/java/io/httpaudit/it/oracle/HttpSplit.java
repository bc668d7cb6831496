package io.httpaudit.it.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;

/** A connection's two streams, cut into exchanges. */
final class HttpSplit {
  final List<WireExchange> exchanges = new ArrayList<>();

  /** Behind the last exchange nothing can be told apart: its head is ambiguous. */
  boolean lostTrack;

  /** Behind the last exchange the connection carried another protocol, from these positions on. */
  boolean upgraded;

  long upgradedRequests;
  long upgradedResponses;
  boolean http2;

  HttpSplit(Conversation conversation) {
    if (!conversation.requests().isKnown() || !conversation.responses().isKnown()) {
      return;
    }
    MessageSplit requests = new MessageSplit(conversation.requests());
    MessageSplit responses = new MessageSplit(conversation.responses());
    http2 = requests.isHttp2();
    int requestAt = http2 ? 0 : requests.skipEmptyLines(0);
    int responseAt = 0;
    while (!http2 && !upgraded && !lostTrack && requests.hasBytes(requestAt)) {
      Message request = requests.request(requestAt);
      Matcher line = MessageSplit.requestLine(request.head);
      String method = line.matches() ? line.group(1) : "";
      Message response = responses.response(responseAt, method);
      WireExchange exchange = new WireExchange(exchanges.size(), request, response);
      exchanges.add(exchange);
      lostTrack = exchange.isAmbiguous();
      upgraded = !lostTrack && response.complete && MessageSplit.isTunnel(response.status, method);
      if (upgraded) {
        request.end = request.head.end;
        request.complete = true;
        upgradedRequests = request.end;
        upgradedResponses = response.end;
      }
      requestAt = requests.skipEmptyLines((int) request.end);
      responseAt = (int) response.end;
    }
  }
}
