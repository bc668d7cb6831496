package io.httpaudit.kernel;

/** A map that the kernel doesn't have: each call of it fails. Needs no right. */
public final class NoMap {
  private NoMap() {}

  public static BpfMap ofSize(int keySize, int valueSize) {
    return new BpfMap("none", -1, BpfMap.HASH, keySize, valueSize, 1);
  }
}
