package io.httpaudit.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A compiled socket filter with its maps, in the kernel: the object file's section {@code socket},
 * relocated against the maps that {@code .maps} declares in BTF. One program; no data sections, no
 * calls out of its section. Needs CAP_BPF.
 */
public final class BpfObject implements AutoCloseable {
  private static final String PROGRAM = "socket";

  /** Of a relocation: the 64-bit immediate of a load of two instructions. */
  private static final long R_BPF_64_64 = 1;

  /** In the source register of such a load: the immediate is a map's descriptor. */
  private static final int BPF_PSEUDO_MAP_FD = 1;

  private final BpfMap[] maps;
  private int program = -1;

  private BpfObject(BpfMap[] maps) {
    this.maps = maps;
  }

  /** The filter that comes with the agent. */
  public static byte[] read() throws KernelException {
    try (InputStream in = BpfObject.class.getResourceAsStream("httpaudit.bpf.o")) {
      if (in == null) {
        throw new KernelException("httpaudit.bpf.o is not in the agent's jar");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new KernelException("httpaudit.bpf.o can't be read", e);
    }
  }

  /** What the object says of its types. */
  public static Btf types(byte[] object) throws KernelException {
    return new Btf(new Elf(object));
  }

  public static BpfObject load(byte[] object) throws KernelException {
    Elf elf = new Elf(object);
    int section = elf.section(PROGRAM);
    int license = elf.section("license");
    if (section < 0 || license < 0) {
      throw new KernelException("the object lacks a section 'socket' or 'license'");
    }
    byte[] instructions = elf.content(section);
    BpfObject loaded = new BpfObject(new Btf(elf).createMaps());
    try {
      loaded.relocate(elf, instructions);
      String terms =
          new String(elf.content(license), 0, elf.size(license) - 1, StandardCharsets.US_ASCII);
      loaded.program = Bpf.load("httpaudit", instructions, terms);
      return loaded;
    } catch (KernelException | RuntimeException e) {
      loaded.close();
      throw e;
    }
  }

  private void relocate(Elf elf, byte[] instructions) throws KernelException {
    int relocations = elf.section(".rel" + PROGRAM);
    if (relocations < 0) {
      return;
    }
    int declared = elf.section(".maps");
    ByteBuffer code = ByteBuffer.wrap(instructions).order(ByteOrder.LITTLE_ENDIAN);
    int end = elf.offset(relocations) + elf.size(relocations);
    for (int at = elf.offset(relocations); at < end; at += 16) {
      int offset = (int) elf.bytes().getLong(at);
      long info = elf.bytes().getLong(at + 8);
      int symbol = (int) (info >>> 32);
      if ((int) info != R_BPF_64_64 || elf.symbolSection(symbol) != declared) {
        throw new KernelException(
            "the object refers to section '"
                + elf.sectionName(elf.symbolSection(symbol))
                + "', not only to maps");
      }
      code.put(offset + 1, (byte) (code.get(offset + 1) & 0x0f | BPF_PSEUDO_MAP_FD << 4));
      code.putInt(offset + 4, map(elf.symbolName(symbol)).fd());
    }
  }

  public BpfMap map(String name) throws KernelException {
    for (BpfMap map : maps) {
      if (map.name().equals(name)) {
        return map;
      }
    }
    throw new KernelException("the object has no map '" + name + "'");
  }

  int program() {
    return program;
  }

  /** Ends our hold on program and maps; sockets to which the program is attached keep it. */
  @Override
  public void close() {
    if (program >= 0) {
      Libc.close(program);
    }
    for (BpfMap map : maps) {
      map.close();
    }
  }
}
