package io.httpaudit.stacks;

import java.io.IOException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.ServletWebSocketHandlerRegistry;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketHandlerRegistry;
import org.springframework.web.socket.handler.TextWebSocketHandler;
import org.springframework.web.socket.server.standard.ServletServerContainerFactoryBean;

/** A WebSocket says whatever it hears. */
@Configuration
@EnableWebSocket
class BootSockets implements WebSocketConfigurer {
  @Override
  public void registerWebSocketHandlers(WebSocketHandlerRegistry registry) {
    registry.addHandler(new Echo(), "/x/*/*/upgrade");
    // Before the controller, which has a like path.
    ((ServletWebSocketHandlerRegistry) registry).setOrder(-1);
  }

  @Bean
  ServletServerContainerFactoryBean largeEnough() {
    ServletServerContainerFactoryBean settings = new ServletServerContainerFactoryBean();
    settings.setMaxTextMessageBufferSize(1 << 16);
    return settings;
  }

  private static final class Echo extends TextWebSocketHandler {
    @Override
    protected void handleTextMessage(WebSocketSession session, TextMessage message)
        throws IOException {
      session.sendMessage(message);
    }
  }
}
