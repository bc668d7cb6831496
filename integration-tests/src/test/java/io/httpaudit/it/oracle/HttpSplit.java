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

  /** The first exchange under TLS; -1: there is none. */
  int firstSecure = -1;

  /** Of a TLS connection. */
  Settled settled;

  /** The client's first record, and its last one of the handshake. */
  TlsRecord hello;

  TlsRecord shaken;

  HttpSplit(Conversation conversation) {
    this(conversation, null);
  }

  /**
   * @param decryption null: what is TLS stays dark
   */
  HttpSplit(Conversation conversation, Decryption decryption) {
    Stream requests = conversation.requests();
    Stream responses = conversation.responses();
    if (!requests.isKnown() || !responses.isKnown()) {
      return;
    }
    if (decryption == null || !isTls(requests, 0)) {
      cut(new MessageSplit(requests), new MessageSplit(responses), null, null);
    }
    if (decryption != null && isTls(requests, upgradedRequests)) {
      upgraded = false;
      String client = conversation.client();
      String server = conversation.server();
      Plaintext sent = new Plaintext(requests, upgradedRequests, decryption.rows(client, server));
      Plaintext answered =
          new Plaintext(responses, upgradedResponses, decryption.rows(server, client));
      settled = decryption.settled(client, server);
      hello = sent.first();
      shaken = sent.lastOfHandshake();
      firstSecure = exchanges.size();
      cut(sent.split(), answered.split(), sent, answered);
    }
  }

  private static boolean isTls(Stream stream, long at) {
    return at < stream.length() && stream.bytes()[(int) at] == TlsRecord.HANDSHAKE;
  }

  /**
   * @param sent the requests' records; null: it is no TLS
   * @param answered likewise the responses'
   */
  private void cut(
      MessageSplit requests, MessageSplit responses, Plaintext sent, Plaintext answered) {
    http2 = requests.isHttp2();
    int requestAt = http2 ? 0 : requests.skipEmptyLines(0);
    int responseAt = 0;
    while (!http2 && !upgraded && !lostTrack && requests.hasBytes(requestAt)) {
      Message request = requests.request(requestAt);
      Matcher line = MessageSplit.requestLine(request.head);
      String method = line.matches() ? line.group(1) : "";
      Message response = responses.response(responseAt, method);
      lostTrack = request.ambiguous || response.ambiguous;
      upgraded = !lostTrack && response.complete && MessageSplit.isTunnel(response.status, method);
      if (upgraded) {
        request.end = request.head.end;
        request.complete = true;
        upgradedRequests = sent == null ? request.end : sent.onRecords(request).end;
        upgradedResponses = sent == null ? response.end : answered.onRecords(response).end;
      }
      requestAt = requests.skipEmptyLines((int) request.end);
      responseAt = (int) response.end;
      exchanges.add(
          sent == null
              ? new WireExchange(exchanges.size(), request, response, false)
              : new WireExchange(
                  exchanges.size(), sent.onRecords(request), answered.onRecords(response), true));
    }
  }
}
