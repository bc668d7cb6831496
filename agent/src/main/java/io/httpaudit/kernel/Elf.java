package io.httpaudit.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A 64-bit little-endian relocatable ELF file, as clang writes it for BPF (elf(5)). */
final class Elf {
  private static final int SECTION_HEADER = 64;
  private static final int SYMBOL = 24;

  private final byte[] file;
  private final ByteBuffer bytes;
  private final long sectionHeaders;
  private final int sections;
  private final int names;

  Elf(byte[] file) throws KernelException {
    this.file = file;
    this.bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    // Magic; ELFCLASS64; ELFDATA2LSB.
    if (file.length < 64 || bytes.getInt(0) != 0x464c457f || file[4] != 2 || file[5] != 1) {
      throw new KernelException("not a 64-bit little-endian ELF file");
    }
    sectionHeaders = bytes.getLong(0x28);
    sections = bytes.getShort(0x3c);
    names = bytes.getShort(0x3e);
  }

  /** Index of the section; -1: there is none. */
  int section(String name) {
    for (int i = 0; i < sections; i++) {
      if (name.equals(sectionName(i))) {
        return i;
      }
    }
    return -1;
  }

  int sections() {
    return sections;
  }

  String sectionName(int index) {
    return string(offset(names) + bytes.getInt(header(index)));
  }

  int offset(int section) {
    return (int) bytes.getLong(header(section) + 0x18);
  }

  int size(int section) {
    return (int) bytes.getLong(header(section) + 0x20);
  }

  ByteBuffer bytes() {
    return bytes;
  }

  byte[] content(int section) {
    byte[] content = new byte[size(section)];
    System.arraycopy(file, offset(section), content, 0, content.length);
    return content;
  }

  private int header(int section) {
    return (int) sectionHeaders + section * SECTION_HEADER;
  }

  /** Section in which symbol {@code index} is defined. */
  int symbolSection(int index) {
    return bytes.getShort(symbol(index) + 6);
  }

  String symbolName(int index) {
    return string(offset(section(".strtab")) + bytes.getInt(symbol(index)));
  }

  private int symbol(int index) {
    return offset(section(".symtab")) + index * SYMBOL;
  }

  private String string(int at) {
    int end = at;
    while (file[end] != 0) {
      end++;
    }
    return new String(file, at, end - at, StandardCharsets.US_ASCII);
  }
}
