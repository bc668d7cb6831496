package io.httpaudit.load;

import java.io.IOException;

/** Reads its standard input, which may be a socket, to the end. */
public final class ReadsStandardInput {
  private ReadsStandardInput() {}

  public static void main(String[] arguments) throws IOException {
    System.out.println("read " + System.in.readAllBytes().length);
  }
}
