package io.httpaudit.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A step of the demo's story, as the terminal tells it. What is not told is empty.
 *
 * @param drawing what stands below it, where no Jaeger is
 */
record DemoStep(
    String title, String own, String wire, String truth, String link, List<String> drawing) {
  private static final Pattern TITLE = Pattern.compile("([0-9])  (\\S.*)");
  private static final Pattern TOLD =
      Pattern.compile("   (own times|the wire|in truth|Jaeger) +(.*)");
  private static final String CONTINUED = "              ";
  private static final Pattern NUMBER = Pattern.compile("[0-9]+\\.[0-9]+");

  /** All of them. */
  static List<DemoStep> of(String text) {
    List<DemoStep> steps = new ArrayList<>();
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      Matcher title = TITLE.matcher(lines.get(i));
      if (title.matches()) {
        steps.add(one(title.group(2), lines.subList(i + 1, lines.size())));
        assertThat(title.group(1)).isEqualTo(Integer.toString(steps.size()));
      }
    }
    return steps;
  }

  private static DemoStep one(String title, List<String> lines) {
    Map<String, String> told = new HashMap<>();
    List<String> drawing = new ArrayList<>();
    String label = "";
    for (String line : lines) {
      Matcher begins = TOLD.matcher(line);
      if (begins.matches()) {
        label = begins.group(1);
        told.put(label, begins.group(2));
      } else if (line.startsWith(CONTINUED) && !label.isEmpty()) {
        told.merge(label, line.substring(CONTINUED.length()), (one, other) -> one + " " + other);
      } else if (line.startsWith("   ")) {
        label = "";
        drawing.add(line);
      } else if (!line.isEmpty()) {
        break;
      } else {
        label = "";
      }
    }
    return new DemoStep(
        title,
        told.getOrDefault("own times", ""),
        told.getOrDefault("the wire", ""),
        told.getOrDefault("in truth", ""),
        told.getOrDefault("Jaeger", ""),
        drawing);
  }

  /** The id under its link. */
  String trace() {
    return link.substring(link.lastIndexOf('/') + 1);
  }

  /** Numbers with a fraction, in the order in which they are told. */
  static List<Double> numbers(String sentence) {
    return NUMBER.matcher(sentence).results().map(n -> Double.valueOf(n.group())).toList();
  }

  List<String> drawnTraces() {
    return drawing.stream()
        .filter(line -> line.startsWith("     trace "))
        .map(line -> line.substring(11))
        .toList();
  }

  /** The heads of the views, client's and server's. */
  List<String> drawnViews() {
    return drawing.stream().filter(line -> line.matches(" {5}(client|server)  .*")).toList();
  }
}
