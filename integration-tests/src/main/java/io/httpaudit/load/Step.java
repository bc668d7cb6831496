package io.httpaudit.load;

import java.nio.ByteBuffer;
import java.util.List;

/** What a server has to do next on a connection. */
interface Step {
  /** More bytes are needed. */
  Step READ = new Step() {};

  /** The writing half ends. */
  Step FIN = new Step() {};

  Step CLOSE = new Step() {};

  /** An RST, whatever is still to be sent. */
  Step RESET = new Step() {};

  /** One call; several buffers are one gathering call. */
  record Write(List<ByteBuffer> buffers) implements Step {
    static Write of(ByteBuffer... buffers) {
      return new Write(List.of(buffers));
    }

    static Write of(byte[] bytes) {
      return of(ByteBuffer.wrap(bytes));
    }

    ByteBuffer[] array() {
      return buffers.toArray(new ByteBuffer[0]);
    }
  }

  /** So many bytes of {@link PatternFile}, straight from it where the transport can. */
  record SendFile(long position, int length) implements Step {}

  record Pause(int millis) implements Step {}
}
