package io.httpaudit.stacks;

import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayInputStream;
import org.springframework.core.io.InputStreamResource;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
final class BootController {
  private final Stack.Responder responder;
  private final Asking asking;

  /** What is asked within a request. */
  interface Asking {
    void within(String target) throws Exception;
  }

  BootController(Stack.Responder responder, Asking asking) {
    this.responder = responder;
    this.asking = asking;
  }

  @RequestMapping("/x/{number}/{bytes}/{framing}")
  ResponseEntity<?> take(
      HttpServletRequest request,
      @RequestHeader("Sent") String sent,
      @RequestBody(required = false) byte[] body)
      throws Exception {
    String target = request.getRequestURI();
    asking.within(target);
    Stack.Answer answer =
        responder.answer(request.getMethod(), target, sent, body == null ? new byte[0] : body);
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
