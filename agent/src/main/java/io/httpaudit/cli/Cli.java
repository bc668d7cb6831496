package io.httpaudit.cli;
/** The command line. */
public final class Cli {
  private Cli() {}
  public static int main(String[] args) { return 0; }
}
