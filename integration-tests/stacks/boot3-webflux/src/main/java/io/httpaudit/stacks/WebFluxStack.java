package io.httpaudit.stacks;

import javax.net.ssl.SSLContext;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Spring WebFlux on Boot's reactor-netty. Requests are answered on a scheduler for what blocks. */
@SpringBootApplication
public class WebFluxStack implements Stack {
  public static void main(String[] arguments) throws Exception {
    Contract.main(arguments);
  }

  @Override
  public int serve(SSLContext tls, Responder responder) {
    WebFluxController.Answering answering =
        (method, target, sent, body) ->
            Mono.fromCallable(() -> responder.answer(method, target, sent, body))
                .subscribeOn(Schedulers.boundedElastic());
    return Boot.start(WebFluxStack.class, tls, answering);
  }
}
