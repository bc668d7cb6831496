package io.httpaudit.kernel;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Types as clang describes them in an object's section {@code .BTF} (Documentation/bpf/btf.rst):
 * read to learn how the object declares its maps and lays out what crosses from the kernel; never
 * handed to the kernel.
 */
public final class Btf {
  private static final int INT = 1;
  private static final int PTR = 2;
  private static final int ARRAY = 3;
  private static final int STRUCT = 4;
  private static final int UNION = 5;
  private static final int ENUM = 6;
  private static final int TYPEDEF = 8;
  private static final int VOLATILE = 9;
  private static final int CONST = 10;
  private static final int RESTRICT = 11;
  private static final int FUNC_PROTO = 13;
  private static final int VAR = 14;
  private static final int DATASEC = 15;
  private static final int DECL_TAG = 17;
  private static final int TYPE_TAG = 18;
  private static final int ENUM64 = 19;

  private static final int HEADER = 12;

  private final ByteBuffer bytes;
  private final int section;
  private final int strings;

  /** Offset of each type's description, by id from 1. */
  private int[] types = new int[128];

  private int count = 1;

  Btf(Elf elf) throws KernelException {
    int index = elf.section(".BTF");
    if (index < 0) {
      throw new KernelException("the object has no BTF: compile it with -g");
    }
    bytes = elf.bytes();
    section = elf.offset(index);
    int header = bytes.getInt(section + 4);
    int at = section + header + bytes.getInt(section + 8);
    int end = at + bytes.getInt(section + 12);
    strings = section + header + bytes.getInt(section + 16);
    while (at < end) {
      if (count == types.length) {
        types = java.util.Arrays.copyOf(types, 2 * count);
      }
      types[count++] = at;
      at += HEADER + extra(at);
    }
  }

  private int extra(int at) throws KernelException {
    int members = bytes.getInt(at + 4) & 0xffff;
    switch (kindAt(at)) {
      case INT:
      case VAR:
      case DECL_TAG:
        return 4;
      case ARRAY:
        return 12;
      case STRUCT:
      case UNION:
      case DATASEC:
      case ENUM64:
        return members * 12;
      case ENUM:
      case FUNC_PROTO:
        return members * 8;
      case PTR:
      case 7:
      case TYPEDEF:
      case VOLATILE:
      case CONST:
      case RESTRICT:
      case 12:
      case 16:
      case TYPE_TAG:
        return 0;
      default:
        throw new KernelException("unknown kind of type in BTF: " + kindAt(at));
    }
  }

  private int kindAt(int at) {
    return bytes.getInt(at + 4) >>> 24 & 0x1f;
  }

  private int kind(int type) {
    return kindAt(types[type]);
  }

  private String name(int type) {
    return string(bytes.getInt(types[type]));
  }

  private String string(int offset) {
    int end = strings + offset;
    while (bytes.get(end) != 0) {
      end++;
    }
    byte[] text = new byte[end - strings - offset];
    bytes.get(strings + offset, text);
    return new String(text, StandardCharsets.US_ASCII);
  }

  /** Bytes of a type. */
  private int size(int type) {
    switch (kind(type)) {
      case PTR:
        return 8;
      case ARRAY:
        return size(bytes.getInt(types[type] + HEADER)) * elements(type);
      case TYPEDEF:
      case VOLATILE:
      case CONST:
      case RESTRICT:
      case TYPE_TAG:
      case VAR:
        return size(target(type));
      default:
        return bytes.getInt(types[type] + 8);
    }
  }

  private int target(int type) {
    return bytes.getInt(types[type] + 8);
  }

  private int elements(int array) {
    return bytes.getInt(types[array] + HEADER + 8);
  }

  private int struct(String name) throws KernelException {
    for (int type = 1; type < count; type++) {
      if (kind(type) == STRUCT && name.equals(name(type))) {
        return type;
      }
    }
    throw new KernelException("BTF has no struct " + name);
  }

  /** Bytes of a struct. */
  public int sizeOf(String struct) throws KernelException {
    return size(struct(struct));
  }

  /** Where a member begins, in bytes. */
  public int offsetOf(String struct, String member) throws KernelException {
    int type = struct(struct);
    return bytes.getInt(member(type, member) + 8) / 8;
  }

  /** Bytes of a member. */
  public int sizeOf(String struct, String member) throws KernelException {
    int type = struct(struct);
    return size(bytes.getInt(member(type, member) + 4));
  }

  /** A member's description: its name, type, and offset in bits. */
  private int member(int type, String name) throws KernelException {
    int at = findMember(type, name);
    if (at < 0) {
      throw new KernelException("BTF: struct " + name(type) + " has no " + name);
    }
    return at;
  }

  private int findMember(int type, String name) {
    int members = bytes.getInt(types[type] + 4) & 0xffff;
    for (int i = 0; i < members; i++) {
      int at = types[type] + HEADER + 12 * i;
      if (name.equals(string(bytes.getInt(at)))) {
        return at;
      }
    }
    return -1;
  }

  /**
   * How libbpf's {@code __uint(name, value)} is declared: a pointer to an array of that many. 0: it
   * is not.
   */
  private int uint(int map, String name) {
    int at = findMember(map, name);
    return at < 0 ? 0 : elements(target(bytes.getInt(at + 4)));
  }

  /**
   * {@code __type(name, type)}: a pointer to one; or {@code __uint(name_size, bytes)}. 0: it is
   * not.
   */
  private int typeSize(int map, String name) {
    int at = findMember(map, name);
    return at < 0 ? uint(map, name + "_size") : size(target(bytes.getInt(at + 4)));
  }

  /** A map as the object declares it; sizes in bytes. */
  record Declared(String name, int type, int keySize, int valueSize, int maxEntries, int flags) {}

  /** The maps that section {@code .maps} declares. */
  List<Declared> maps() {
    List<Declared> maps = new ArrayList<>();
    for (int type = 1; type < count; type++) {
      if (kind(type) == DATASEC && ".maps".equals(name(type))) {
        int members = bytes.getInt(types[type] + 4) & 0xffff;
        for (int i = 0; i < members; i++) {
          maps.add(declared(bytes.getInt(types[type] + HEADER + 12 * i)));
        }
      }
    }
    return maps;
  }

  private Declared declared(int variable) {
    int map = target(variable);
    return new Declared(
        name(variable),
        uint(map, "type"),
        typeSize(map, "key"),
        typeSize(map, "value"),
        uint(map, "max_entries"),
        uint(map, "map_flags"));
  }

  /** All of them created, with room for as many entries. */
  BpfMap[] createMaps() throws KernelException {
    List<Declared> declared = maps();
    BpfMap[] maps = new BpfMap[declared.size()];
    int processors = Processors.present();
    try {
      for (int i = 0; i < maps.length; i++) {
        Declared map = declared.get(i);
        maps[i] =
            BpfMap.create(
                map.name(),
                map.type(),
                map.keySize(),
                map.valueSize(),
                BpfMap.entries(map.type(), map.maxEntries(), processors),
                map.flags());
      }
      return maps;
    } catch (KernelException e) {
      for (BpfMap map : maps) {
        if (map != null) {
          map.close();
        }
      }
      throw e;
    }
  }
}
