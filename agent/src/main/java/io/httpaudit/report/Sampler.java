package io.httpaudit.report;

import io.httpaudit.correlate.Side;
import java.util.function.Consumer;

/**
 * The samplers of {@code OTEL_TRACES_SAMPLER}, deciding as the SDK's do, without the SDK: whether a
 * span is recorded is asked on the audit thread, before any span exists.
 */
final class Sampler implements Ids.Sampling {
  private static final String DEFAULT = "parentbased_always_on";
  private static final String PARENT_BASED = "parentbased_";

  /** Where a trace id's random half begins. */
  private static final int RANDOM = 16;

  private final boolean parentBased;

  /** What the random half's magnitude must stay below; {@link Long#MIN_VALUE}: nothing does. */
  private final long below;

  private final boolean always;

  private Sampler(boolean parentBased, double ratio) {
    this.parentBased = parentBased;
    always = ratio >= 1;
    below = ratio <= 0 ? Long.MIN_VALUE : (long) (ratio * Long.MAX_VALUE);
  }

  /** As the user configured it. */
  static Sampler configured() {
    return of(
        OtelConfig.get("otel.traces.sampler"),
        OtelConfig.get("otel.traces.sampler.arg"),
        Stderr::line);
  }

  /** Records nothing: where no span is wanted. */
  static Sampler none() {
    return new Sampler(false, 0);
  }

  /**
   * @param complain gets a line where the default holds instead
   */
  static Sampler of(String name, String argument, Consumer<String> complain) {
    String wanted = name.isEmpty() ? DEFAULT : name;
    boolean parentBased = wanted.startsWith(PARENT_BASED);
    switch (parentBased ? wanted.substring(PARENT_BASED.length()) : wanted) {
      case "always_on":
        return new Sampler(parentBased, 1);
      case "always_off":
        return new Sampler(parentBased, 0);
      case "traceidratio":
        double ratio = ratio(argument);
        if (ratio >= 0 && ratio <= 1) {
          return new Sampler(parentBased, ratio);
        }
        complain.accept(
            "httpaudit: OTEL_TRACES_SAMPLER_ARG can't be '"
                + argument
                + "', it is 0 to 1; '1' holds");
        return new Sampler(parentBased, 1);
      default:
        complain.accept(
            "httpaudit: unknown OTEL_TRACES_SAMPLER '" + name + "'; '" + DEFAULT + "' holds");
        return new Sampler(true, 1);
    }
  }

  private static double ratio(String argument) {
    try {
      return argument.isEmpty() ? 1 : Double.parseDouble(argument);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  @Override
  public boolean samples(
      String traceId, String parentSpanId, boolean parentSampled, Side side, String method) {
    if (parentBased && !parentSpanId.isEmpty()) {
      return parentSampled;
    }
    return always || Math.abs(Long.parseUnsignedLong(traceId, RANDOM, 2 * RANDOM, 16)) < below;
  }
}
