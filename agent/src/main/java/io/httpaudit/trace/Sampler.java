package io.httpaudit.trace;

import java.util.List;

/**
 * The samplers of {@code OTEL_TRACES_SAMPLER}, deciding as the SDK's do, without the SDK: whether a
 * span is recorded is asked before any span exists, where the header is written. A pure function of
 * the ids, so that every thread finds the same. Any thread, without allocation.
 */
public final class Sampler {
  private static final String DEFAULT = "parentbased_always_on";
  private static final String PARENT_BASED = "parentbased_";

  private final boolean parentBased;

  /** What the random half's magnitude must stay below; {@link Long#MIN_VALUE}: nothing does. */
  private final long below;

  private final boolean always;

  private Sampler(boolean parentBased, double ratio) {
    this.parentBased = parentBased;
    always = ratio >= 1;
    below = ratio <= 0 ? Long.MIN_VALUE : (long) (ratio * Long.MAX_VALUE);
  }

  /** Records nothing: where no span is wanted. */
  public static Sampler none() {
    return new Sampler(false, 0);
  }

  /**
   * As {@code OTEL_TRACES_SAMPLER} and {@code OTEL_TRACES_SAMPLER_ARG} name it.
   *
   * @param complaints gets a line where the default holds instead
   */
  public static Sampler of(String name, String argument, List<String> complaints) {
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
        complaints.add(
            "httpaudit: OTEL_TRACES_SAMPLER_ARG can't be '"
                + argument
                + "', it is 0 to 1; '1' holds");
        return new Sampler(parentBased, 1);
      default:
        complaints.add(
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

  /**
   * Whether a span is recorded.
   *
   * @param traceLow the trace id's last 8 bytes, its random half
   * @param child whether it has a parent; if so, {@code parentSampled} is that one's flag
   */
  public boolean samples(long traceLow, boolean child, boolean parentSampled) {
    if (parentBased && child) {
      return parentSampled;
    }
    return always || Math.abs(traceLow) < below;
  }
}
