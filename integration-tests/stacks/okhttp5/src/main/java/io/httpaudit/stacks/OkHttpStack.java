package io.httpaudit.stacks;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.List;
import javax.net.ssl.SSLContext;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;

public final class OkHttpStack implements Stack {
  @Override
  public Client client(SSLContext tls) throws GeneralSecurityException {
    OkHttpClient.Builder builder = new OkHttpClient.Builder().protocols(List.of(Protocol.HTTP_1_1));
    if (tls != null) {
      builder.sslSocketFactory(tls.getSocketFactory(), Keys.trusted());
    }
    OkHttpClient client = builder.build();
    return (uri, asked) -> {
      Request request =
          new Request.Builder()
              .url(uri.toString())
              .header("Sent", "" + asked.bytes())
              .method(asked.method(), asked.hasBody() ? new Body(asked) : null)
              .build();
      try (Response response = client.newCall(request).execute()) {
        asked.check(response.code(), response.body().bytes());
      }
    };
  }

  private static final class Body extends RequestBody {
    private final Asked asked;

    Body(Asked asked) {
      this.asked = asked;
    }

    @Override
    public MediaType contentType() {
      return null;
    }

    @Override
    public long contentLength() {
      return asked.chunked() ? -1 : asked.bytes();
    }

    @Override
    public void writeTo(BufferedSink sink) throws IOException {
      sink.write(asked.body());
    }
  }
}
