package io.httpaudit.observe;

import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.Label;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/**
 * Puts {@link Hook}s into the JDK's classes, as they load; by {@link NettyTransports} into Netty's,
 * too. A plain transformer with ASM, which costs a twentieth of Byte Buddy's AgentBuilder at
 * start-up. Any thread; never throws: a class it can't weave stays as it is, and is reported.
 */
final class Weaver implements ClassFileTransformer {
  private static final String TARGET = "java/lang/HttpAudit";
  private static final String BUFFER = "io/netty/buffer/ByteBuf";

  private final Hook[] hooks;
  private final boolean[] woven;

  /** Names of the methods that were seen: classes load on any thread. */
  private final Set<String> names = ConcurrentHashMap.newKeySet();

  /** Likewise of the hooked classes. */
  private final Set<String> owners = ConcurrentHashMap.newKeySet();

  /** Of the JDK. */
  Weaver() {
    this(Hook.ALL);
  }

  Weaver(Hook[] hooks) {
    this.hooks = hooks;
    woven = new boolean[hooks.length];
  }

  static boolean hooks(String owner) {
    return hooks(Hook.ALL, owner);
  }

  static boolean hooks(Hook[] hooks, String owner) {
    for (Hook hook : hooks) {
      if (hook.owner().equals(owner)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public byte[] transform(
      ClassLoader loader, String name, Class<?> type, ProtectionDomain domain, byte[] bytes) {
    if (loader != null || name == null || !name.startsWith("sun/nio/ch/") || !hooks(name)) {
      return null;
    }
    try {
      return weave(name, bytes);
    } catch (Throwable e) {
      return null;
    } finally {
      owners.add(name);
    }
  }

  /** How many of the hooked classes were seen. */
  int seen() {
    return owners.size();
  }

  boolean sawClass(String owner) {
    return owners.contains(owner);
  }

  /** The class with what is woven in. */
  byte[] weave(String name, byte[] bytes) {
    ClassReader reader = new ClassReader(bytes);
    ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
    reader.accept(new Methods(writer, name), ClassReader.EXPAND_FRAMES);
    return writer.toByteArray();
  }

  /** Whether the class of this hook was seen and has its method. */
  boolean isWoven(Hook hook) {
    for (int i = 0; i < woven.length; i++) {
      if (hooks[i] == hook) {
        return woven[i];
      }
    }
    return false;
  }

  /** Whether a class that was seen has a method of this name. */
  boolean saw(String method) {
    return names.contains(method);
  }

  private final class Methods extends ClassVisitor {
    private final String owner;

    Methods(ClassVisitor next, String owner) {
      super(Opcodes.ASM9, next);
      this.owner = owner;
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String descriptor, String signature, String[] exceptions) {
      MethodVisitor next = super.visitMethod(access, name, descriptor, signature, exceptions);
      names.add(name);
      for (int i = 0; i < woven.length; i++) {
        Hook hook = hooks[i];
        if (hook.owner().equals(owner)
            && hook.method().equals(name)
            && hook.descriptor().equals(descriptor)
            && (access & (Opcodes.ACC_NATIVE | Opcodes.ACC_ABSTRACT)) == 0) {
          return new Calls(next, i, (access & Opcodes.ACC_STATIC) != 0);
        }
      }
      return next;
    }
  }

  /** The calls of one hook, around a method's own code. */
  private final class Calls extends MethodVisitor {
    private final int index;
    private final Hook hook;
    private final boolean isStatic;

    /** Types of the locals at the latest frame; long and double count once. */
    private Object[] frame = {};

    private final Label start = new Label();
    private final Label end = new Label();

    /** Slot of what the before-call returned: behind the arguments. The method's own move up. */
    private final int carried;

    /** Whether the hook's place was found: a method's entry and exits always are. */
    private boolean called;

    Calls(MethodVisitor next, int index, boolean isStatic) {
      super(Opcodes.ASM9, next);
      this.index = index;
      hook = hooks[index];
      called = hook.at().isEmpty();
      this.isStatic = isStatic;
      carried = (Type.getArgumentsAndReturnSizes(hook.descriptor()) >> 2) - (isStatic ? 1 : 0);
    }

    @Override
    public void visitCode() {
      super.visitCode();
      if (!hook.before().isEmpty() && hook.at().isEmpty()) {
        call(hook.before(), "", hook.arguments());
        if (hook.carries()) {
          super.visitVarInsn(Opcodes.ASTORE, carried);
        }
      }
      if (!hook.failed().isEmpty()) {
        visitLabel(start);
      }
    }

    /** Makes room for what is carried. */
    private int moved(int slot) {
      return hook.carries() && slot >= carried ? slot + 1 : slot;
    }

    @Override
    public void visitVarInsn(int opcode, int slot) {
      super.visitVarInsn(opcode, moved(slot));
    }

    @Override
    public void visitIincInsn(int slot, int by) {
      super.visitIincInsn(moved(slot), by);
    }

    @Override
    public void visitLocalVariable(
        String name, String type, String signature, Label from, Label to, int slot) {
      super.visitLocalVariable(name, type, signature, from, to, moved(slot));
    }

    @Override
    public void visitFrame(int type, int locals, Object[] local, int stacked, Object[] stack) {
      frame = Arrays.copyOf(local, locals);
      Object[] now = hook.carries() ? withCarried(frame) : frame;
      super.visitFrame(type, now.length, now, stacked, stack);
    }

    private Object[] withCarried(Object[] locals) {
      List<Object> now = new ArrayList<>(Arrays.asList(locals));
      int at = 0;
      for (int slot = 0; slot < carried; at++) {
        if (at == now.size()) {
          now.add(Opcodes.TOP);
        }
        Object type = now.get(at);
        slot += type == Opcodes.LONG || type == Opcodes.DOUBLE ? 2 : 1;
      }
      now.add(at, "java/lang/Object");
      return now.toArray();
    }

    @Override
    public void visitMethodInsn(
        int opcode, String owner, String name, String descriptor, boolean isInterface) {
      if (name.equals(hook.at()) && areThere(hook.arguments())) {
        called = true;
        call(hook.before(), "", hook.arguments());
      }
      super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
    }

    /** Whether the locals that are no arguments hold here what the hook takes them for. */
    private boolean areThere(String[] arguments) {
      for (String argument : arguments) {
        int slot = argument.charAt(0) - '0';
        if (argument.length() == 2
            && argument.charAt(1) == 'T'
            && (slot >= frame.length || !"java/lang/Throwable".equals(frame[slot]))) {
          return false;
        }
      }
      return true;
    }

    @Override
    public void visitEnd() {
      woven[index] = called;
      super.visitEnd();
    }

    @Override
    public void visitInsn(int opcode) {
      if (opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN && !hook.after().isEmpty()) {
        String result = "";
        if (hook.tellsResult()) {
          result = Type.getReturnType(hook.descriptor()).getDescriptor();
          super.visitInsn(opcode == Opcodes.LRETURN ? Opcodes.DUP2 : Opcodes.DUP);
        }
        call(hook.after(), result, hook.arguments());
      }
      super.visitInsn(opcode);
    }

    @Override
    public void visitMaxs(int maxStack, int maxLocals) {
      if (!hook.failed().isEmpty()) {
        Label handler = new Label();
        visitLabel(end);
        visitTryCatchBlock(start, end, handler, "java/lang/Throwable");
        visitLabel(handler);
        Object[] locals = locals();
        super.visitFrame(
            Opcodes.F_NEW, locals.length, locals, 1, new Object[] {"java/lang/Throwable"});
        super.visitInsn(Opcodes.DUP);
        call(hook.failed(), "Ljava/lang/Throwable;", hook.failedArguments());
        super.visitInsn(Opcodes.ATHROW);
      }
      super.visitMaxs(maxStack, maxLocals);
    }

    private Object[] locals() {
      Type[] types = Type.getArgumentTypes(hook.descriptor());
      int receiver = isStatic ? 0 : 1;
      Object[] locals = new Object[types.length + receiver];
      if (!isStatic) {
        locals[0] = hook.owner();
      }
      for (int i = 0; i < types.length; i++) {
        switch (types[i].getSort()) {
          case Type.LONG:
            locals[i + receiver] = Opcodes.LONG;
            break;
          case Type.OBJECT:
          case Type.ARRAY:
            locals[i + receiver] = types[i].getInternalName();
            break;
          default:
            locals[i + receiver] = Opcodes.INTEGER;
        }
      }
      return hook.carries() ? withCarried(locals) : locals;
    }

    /** Pushes the arguments and calls. The target's descriptor follows from what is pushed. */
    private void call(String name, String first, String[] arguments) {
      StringBuilder descriptor = new StringBuilder("(").append(first);
      boolean returns = hook.carries() && name.equals(hook.before());
      if (hook.carries() && !returns) {
        super.visitVarInsn(Opcodes.ALOAD, carried);
        descriptor.append("Ljava/lang/Object;");
      }
      for (String argument : arguments) {
        descriptor.append(push(argument));
      }
      String types = descriptor.append(returns ? ")Ljava/lang/Object;" : ")V").toString();
      super.visitMethodInsn(Opcodes.INVOKESTATIC, TARGET, name, erased(name, types), false);
    }

    /** Peers of channels are declared as more than the target asks for. */
    private String erased(String name, String types) {
      return name.equals("acceptedChannel")
          ? "(Ljava/io/FileDescriptor;Ljava/lang/Object;)V"
          : types;
    }

    private String push(String argument) {
      int colon = argument.indexOf(':');
      if (argument.equals(Hook.BUFFER)) {
        return pushBuffer();
      }
      if (argument.startsWith(Hook.NUMBER)) {
        return pushNumber(argument.substring(Hook.NUMBER.length()));
      }
      if (colon < 0) {
        return pushLocal(argument.charAt(0) - '0', argument.charAt(1));
      }
      int cast = argument.indexOf('>');
      int dot = argument.indexOf('.');
      String owner = hook.owner();
      if (cast < 0) {
        super.visitVarInsn(Opcodes.ALOAD, 0);
      } else {
        super.visitVarInsn(Opcodes.ALOAD, argument.charAt(0) - '0');
        owner = argument.substring(cast + 1, argument.lastIndexOf('>'));
        super.visitTypeInsn(Opcodes.CHECKCAST, owner);
      }
      String type = argument.substring(colon + 1);
      // Through the subclass: the field may be protected in another package.
      super.visitFieldInsn(Opcodes.GETFIELD, owner, argument.substring(dot + 1, colon), type);
      return type;
    }

    /** The number of a descriptor of Netty's. */
    private String pushNumber(String of) {
      int colon = of.indexOf(':');
      super.visitVarInsn(Opcodes.ALOAD, colon < 0 ? of.charAt(0) - '0' : 0);
      String owner = hook.owner();
      for (int at = 0; colon >= 0; colon = of.indexOf(':', at)) {
        int end = of.indexOf(';', colon) + 1;
        String type = of.substring(colon + 1, end);
        super.visitFieldInsn(Opcodes.GETFIELD, owner, of.substring(at, colon), type);
        owner = type.substring(1, type.length() - 1);
        at = end;
      }
      super.visitMethodInsn(
          Opcodes.INVOKEVIRTUAL, NettyTransports.DESCRIPTOR, "intValue", "()I", false);
      return "I";
    }

    /** Its readable bytes, where they begin, and the address of its index 0. */
    private String pushBuffer() {
      super.visitInsn(Opcodes.DUP);
      super.visitTypeInsn(Opcodes.CHECKCAST, BUFFER);
      super.visitInsn(Opcodes.DUP);
      super.visitInsn(Opcodes.DUP);
      super.visitMethodInsn(Opcodes.INVOKEVIRTUAL, BUFFER, "readableBytes", "()I", false);
      super.visitInsn(Opcodes.SWAP);
      super.visitMethodInsn(Opcodes.INVOKEVIRTUAL, BUFFER, "readerIndex", "()I", false);
      super.visitInsn(Opcodes.DUP2_X1);
      super.visitInsn(Opcodes.POP2);
      super.visitMethodInsn(
          Opcodes.INVOKESTATIC,
          "io/netty/channel/uring/IoUring",
          "memoryAddress",
          "(L" + BUFFER + ";)J",
          false);
      return "IIJ";
    }

    private String pushLocal(int slot, char kind) {
      switch (kind) {
        case 'P':
          super.visitVarInsn(Opcodes.ALOAD, slot);
          super.visitMethodInsn(
              Opcodes.INVOKEVIRTUAL,
              "io/netty/channel/unix/Socket",
              "remoteAddress",
              "()Ljava/net/InetSocketAddress;",
              false);
          super.visitTypeInsn(Opcodes.CHECKCAST, "java/net/SocketAddress");
          return "Ljava/net/SocketAddress;";
        case 'J':
          super.visitVarInsn(Opcodes.LLOAD, slot);
          return "J";
        case 'I':
          super.visitVarInsn(Opcodes.ILOAD, slot);
          return "I";
        default:
          super.visitVarInsn(Opcodes.ALOAD, slot);
          return kind == 'T' ? "Ljava/lang/Throwable;" : typeOf(slot);
      }
    }

    private String typeOf(int slot) {
      int at = isStatic ? 0 : 1;
      for (Type type : Type.getArgumentTypes(hook.descriptor())) {
        if (at == slot) {
          return type.getDescriptor();
        }
        at += type.getSize();
      }
      throw new IllegalArgumentException(hook.method());
    }
  }
}
