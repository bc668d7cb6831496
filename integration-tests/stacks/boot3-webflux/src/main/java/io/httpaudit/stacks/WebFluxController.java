package io.httpaudit.stacks;

import java.io.ByteArrayInputStream;
import org.springframework.core.io.InputStreamResource;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

@RestController
final class WebFluxController {
  private final Answering answering;

  /** As a {@link Stack.Responder}, in its own time. */
  interface Answering {
    Mono<Stack.Answer> answer(String method, String target, String sent, byte[] body);
  }

  WebFluxController(Answering answering) {
    this.answering = answering;
  }

  @RequestMapping("/x/{number}/{bytes}/{framing}")
  Mono<ResponseEntity<Object>> take(
      ServerHttpRequest request,
      @RequestHeader("Sent") String sent,
      @RequestBody(required = false) Mono<byte[]> body) {
    String method = request.getMethod().name();
    String target = request.getURI().getPath();
    return body.defaultIfEmpty(new byte[0])
        .flatMap(bytes -> answering.answer(method, target, sent, bytes))
        .map(WebFluxController::response);
  }

  private static ResponseEntity<Object> response(Stack.Answer answer) {
    ResponseEntity.BodyBuilder response = ResponseEntity.status(answer.status());
    if (answer.status() == 204) {
      return response.build();
    }
    if (answer.chunked()) {
      return response.body(new InputStreamResource(new ByteArrayInputStream(answer.body())));
    }
    response.contentLength(answer.length());
    return answer.body().length == 0 ? response.build() : response.body(answer.body());
  }
}
