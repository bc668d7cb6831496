package io.httpaudit.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.flow.Endpoint;
import io.httpaudit.kernel.BpfObject;
import io.httpaudit.kernel.Btf;
import io.httpaudit.kernel.KernelException;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What Java says of the layout is what the compiled object says. */
class LayoutTest {
  @Test
  void agreesWithTheCompiledObject() throws KernelException, IllegalAccessException {
    Btf types = BpfObject.types(BpfObject.read());
    Map<String, Integer> java = new TreeMap<>();
    Map<String, Integer> object = new TreeMap<>();
    int compared = 0;
    for (String struct :
        new String[] {"endpoint", "tuple", "packet", "run", "candidate", "admitted", "port"}) {
      String prefix = struct.toUpperCase(Locale.ROOT);
      for (Field field : Layout.class.getDeclaredFields()) {
        String name = field.getName();
        if (field.getType() != int.class || name.equals("CANDIDATE_RUNS_MOST")) {
          continue;
        }
        if (name.equals(prefix)) {
          java.put(struct, field.getInt(null));
          object.put(struct, types.sizeOf(struct));
          compared++;
        } else if (name.startsWith(prefix + "_")) {
          String member = name.substring(prefix.length() + 1).toLowerCase(Locale.ROOT);
          java.put(struct + "." + member, field.getInt(null));
          object.put(struct + "." + member, types.offsetOf(struct, member));
          compared++;
        }
      }
    }
    assertThat(java).isEqualTo(object);
    assertThat(compared).isEqualTo(7 + 3 + 2 + 12 + 11 + 15 + 5 + 2);
    assertThat(types.sizeOf("candidate", "runs"))
        .isEqualTo(Layout.CANDIDATE_RUNS_MOST * Layout.RUN);
  }

  @Test
  void writesAnEndpointAsThePacketHasIt() throws UnknownHostException {
    ByteBuffer bytes = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    Layout.putEndpoint(bytes, 4, Endpoint.of(InetAddress.getByName("10.9.0.1"), 0xabcd));
    assertThat(bytes.array())
        .containsExactly(
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 9, 0, 1, 0xcd, 0xab, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0);
  }
}
