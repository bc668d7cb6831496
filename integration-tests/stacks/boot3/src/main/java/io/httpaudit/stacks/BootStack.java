package io.httpaudit.stacks;

import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.ResponseEntity;
import org.springframework.http.StreamingHttpOutputMessage;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestTemplate;

/**
 * Spring MVC on Boot's Tomcat. Its clients are {@code RestClient} on java.net.http and {@code
 * RestTemplate} on HttpURLConnection: within requests by turns.
 */
@SpringBootApplication
public class BootStack implements Stack {
  public static void main(String[] arguments) throws Exception {
    Contract.main(arguments);
  }

  @Override
  public int serve(SSLContext tls, Responder responder) {
    return serve(tls, responder, null);
  }

  @Override
  public int serve(SSLContext tls, Responder responder, Within within) {
    RestTemplate template = new RestTemplate();
    Client rest = client(null);
    BootController.Asking asking =
        target -> {
          if (within == null) {
            return;
          }
          URI uri = within.uri(target);
          Asked asked = within.asked(target);
          if (asked.wanted().number() % 2 == 0) {
            rest.make(uri, asked);
          } else {
            check(asked, get(template, uri, asked));
          }
        };
    return Boot.start(BootStack.class, tls, responder, asking);
  }

  private static ResponseEntity<byte[]> get(RestTemplate template, URI uri, Asked asked) {
    HttpHeaders fields = new HttpHeaders();
    fields.set("Sent", "" + asked.bytes());
    return template.exchange(uri, HttpMethod.GET, new HttpEntity<>(fields), byte[].class);
  }

  @Override
  public Client client(SSLContext tls) {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NORMAL);
    HttpClient jdk = (tls == null ? builder : builder.sslContext(tls)).build();
    RestClient patient = rest(jdk, 0);
    return (uri, asked) -> {
      RestClient client = asked.timeout() == 0 ? patient : rest(jdk, asked.timeout());
      RestClient.RequestBodySpec request =
          client
              .method(HttpMethod.valueOf(asked.method()))
              .uri(uri)
              .header("Sent", "" + asked.bytes());
      if (asked.chunked()) {
        StreamingHttpOutputMessage.Body body = out -> out.write(asked.body());
        request.body(body);
      } else if (asked.hasBody()) {
        request.body(asked.body());
      }
      check(asked, request.retrieve().toEntity(byte[].class));
    };
  }

  /** An answer is one whatever its status; what a client of the JDK expects no field can say. */
  private static RestClient rest(HttpClient jdk, int timeout) {
    JdkClientHttpRequestFactory requests = new JdkClientHttpRequestFactory(jdk);
    if (timeout > 0) {
      requests.setReadTimeout(Duration.ofMillis(timeout));
    }
    return RestClient.builder()
        .requestFactory(requests)
        .defaultStatusHandler(status -> true, (request, response) -> {})
        .build();
  }

  private static void check(Asked asked, ResponseEntity<byte[]> got) throws java.io.IOException {
    byte[] body = got.getBody();
    asked.check(got.getStatusCode().value(), body == null ? new byte[0] : body);
  }
}
