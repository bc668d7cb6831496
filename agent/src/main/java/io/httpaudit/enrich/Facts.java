package io.httpaudit.enrich;

/** What an exchange's packets say, to be written onto the span that describes it. */
public interface Facts {
  void write(TheirSpan onto) throws Throwable;
}
