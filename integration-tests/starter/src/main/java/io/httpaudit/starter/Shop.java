package io.httpaudit.starter;

import java.net.HttpURLConnection;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.RestClient;

/**
 * A shop that asks its stock about each order. Without arguments it serves on port 8080; else they
 * are how many orders are placed once it is ready, and how many at once; then it ends. Of no order
 * at all it says that it is ready, on any port, and serves.
 */
@SpringBootApplication
@RestController
public class Shop {
  private static final int MISSING_EVERY = 5;

  private static int port;

  private final RestClient client;

  public Shop(RestClient.Builder builder) {
    client = builder.build();
  }

  public static void main(String[] arguments) throws Exception {
    SpringApplication application = new SpringApplication(Shop.class);
    if (arguments.length == 0) {
      application.run();
      return;
    }
    var context =
        (ServletWebServerApplicationContext)
            application.run("--server.port=0", "--spring.main.banner-mode=off");
    port = context.getWebServer().getPort();
    System.out.println("ready " + port);
    int orders = Integer.parseInt(arguments[0]);
    if (orders > 0) {
      place(orders, Integer.parseInt(arguments[1]));
      System.exit(SpringApplication.exit(context));
    }
  }

  private static void place(int orders, int atOnce) throws Exception {
    ExecutorService customers = Executors.newFixedThreadPool(atOnce);
    List<Future<Integer>> placed = new ArrayList<>();
    for (int i = 0; i < orders; i++) {
      URI uri = URI.create("http://127.0.0.1:" + port + "/orders/" + i);
      placed.add(
          customers.submit(
              (Callable<Integer>)
                  () -> ((HttpURLConnection) uri.toURL().openConnection()).getResponseCode()));
    }
    for (int i = 0; i < orders; i++) {
      if (placed.get(i).get() != (i % MISSING_EVERY == MISSING_EVERY - 1 ? 404 : 200)) {
        throw new IllegalStateException("order " + i + ": " + placed.get(i).get());
      }
    }
    customers.shutdown();
    System.out.println("done " + orders);
  }

  @RequestMapping("/orders/{order}")
  ResponseEntity<String> order(@PathVariable int order) {
    try {
      String stock =
          client
              .get()
              .uri("http://127.0.0.1:" + port + "/stock/{order}", order)
              .retrieve()
              .body(String.class);
      return ResponseEntity.ok(stock);
    } catch (HttpClientErrorException.NotFound e) {
      return ResponseEntity.notFound().build();
    }
  }

  @RequestMapping("/stock/{order}")
  ResponseEntity<String> stock(@PathVariable int order) {
    return order % MISSING_EVERY == MISSING_EVERY - 1
        ? new ResponseEntity<>(HttpStatus.NOT_FOUND)
        : ResponseEntity.ok("there are some of " + order);
  }
}
