package io.httpaudit.stacks;

import java.util.Map;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.WebSocketMessage;

/** A WebSocket says whatever it hears. */
@Configuration
class WebFluxSockets {
  @Bean
  HandlerMapping sockets() {
    WebSocketHandler echo =
        session -> session.send(session.receive().doOnNext(WebSocketMessage::retain));
    // Before the controller, which has a like path.
    return new SimpleUrlHandlerMapping(Map.of("/x/*/*/upgrade", echo), -1);
  }
}
