package io.httpaudit.instrument;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.Label;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/**
 * Puts a library's {@link Point}s into its classes: calls of {@link HttpAudit}, which catches all
 * that they throw. No method, field or class is added, so it works on classes that are loaded, and
 * stack traces are as ever. Any thread.
 */
final class LibraryWeaver {
  private static final String TARGET = "java/lang/HttpAudit";
  private static final String OBJECT = "java/lang/Object";
  private static final String THROWABLE = "java/lang/Throwable";

  /** Class files of Java 6 and later have frames. */
  private static final int FRAMES = 50;

  private final Point[] points;
  private final int[] probes;
  private final boolean[] woven;

  LibraryWeaver(Library library) {
    points = library.points();
    probes = new int[points.length];
    woven = new boolean[points.length];
    for (int i = 0; i < points.length; i++) {
      probes[i] = points[i].probe() == null ? -1 : HttpAudit.add(points[i].probe());
    }
  }

  boolean owns(String name) {
    for (Point point : points) {
      if (point.owner().equals(name)) {
        return true;
      }
    }
    return false;
  }

  /** The class with what is woven in; null: nothing is. */
  byte[] weave(String name, byte[] bytes) {
    ClassReader reader = new ClassReader(bytes);
    if (reader.readUnsignedShort(6) < FRAMES) {
      return null;
    }
    Map<String, Integer> locals = new HashMap<>();
    reader.accept(new Locals(locals), ClassReader.SKIP_FRAMES | ClassReader.SKIP_DEBUG);
    ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
    reader.accept(new Methods(writer, name, locals), ClassReader.EXPAND_FRAMES);
    return writer.toByteArray();
  }

  /** Points of classes that were seen, or not, whose method was not there. */
  List<String> missing() {
    List<String> missing = new ArrayList<>();
    for (int i = 0; i < points.length; i++) {
      if (!woven[i]) {
        String owner = points[i].owner();
        missing.add(owner.substring(owner.lastIndexOf('/') + 1) + "." + points[i].method());
      }
    }
    return missing;
  }

  /** How many local variables each method has: ours lie behind. */
  private static final class Locals extends ClassVisitor {
    private final Map<String, Integer> of;

    Locals(Map<String, Integer> of) {
      super(Opcodes.ASM9);
      this.of = of;
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String descriptor, String signature, String[] exceptions) {
      return new MethodVisitor(Opcodes.ASM9) {
        @Override
        public void visitMaxs(int maxStack, int maxLocals) {
          of.put(name.concat(descriptor), maxLocals);
        }
      };
    }
  }

  private final class Methods extends ClassVisitor {
    private final String owner;
    private final Map<String, Integer> locals;

    Methods(ClassVisitor next, String owner, Map<String, Integer> locals) {
      super(Opcodes.ASM9, next);
      this.owner = owner;
      this.locals = locals;
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String descriptor, String signature, String[] exceptions) {
      MethodVisitor next = super.visitMethod(access, name, descriptor, signature, exceptions);
      if ((access & (Opcodes.ACC_NATIVE | Opcodes.ACC_ABSTRACT)) != 0) {
        return next;
      }
      int free = locals.getOrDefault(name.concat(descriptor), 0);
      boolean isStatic = (access & Opcodes.ACC_STATIC) != 0;
      for (int i = 0; i < points.length; i++) {
        Point point = points[i];
        if (point.owner().equals(owner) && point.matches(name, descriptor)) {
          next =
              switch (point.kind()) {
                case SUBMITS -> new Submits(next, i, name.equals("<init>"));
                case RUNS ->
                    point.call().isEmpty()
                        ? new Around(next, i, free, isStatic ? null : owner)
                        : new AtCall(next, i, free);
                case PROBE -> new Around(next, i, free, isStatic ? null : owner);
              };
          // Of two points in one method, each has its own variables.
          free += 2;
        }
      }
      return next;
    }
  }

  /** The task in an argument takes the context along. */
  private final class Submits extends MethodVisitor {
    private final int index;
    private final boolean atExit;

    Submits(MethodVisitor next, int index, boolean atExit) {
      super(Opcodes.ASM9, next);
      this.index = index;
      this.atExit = atExit;
    }

    @Override
    public void visitCode() {
      super.visitCode();
      if (!atExit) {
        submitted();
      }
    }

    @Override
    public void visitInsn(int opcode) {
      if (atExit && opcode == Opcodes.RETURN) {
        submitted();
      }
      super.visitInsn(opcode);
    }

    private void submitted() {
      woven[index] = true;
      visitVarInsn(Opcodes.ALOAD, points[index].one());
      super.visitMethodInsn(
          Opcodes.INVOKESTATIC, TARGET, "submitted", "(Ljava/lang/Object;)V", false);
    }
  }

  /** A task runs during a call in the middle of a method. */
  private final class AtCall extends MethodVisitor {
    private final int index;
    private final int token;

    AtCall(MethodVisitor next, int index, int free) {
      super(Opcodes.ASM9, next);
      this.index = index;
      token = free;
    }

    @Override
    public void visitMethodInsn(
        int opcode, String owner, String name, String descriptor, boolean isInterface) {
      if (!name.equals(points[index].call()) || !descriptor.startsWith("()")) {
        super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
        return;
      }
      woven[index] = true;
      super.visitInsn(Opcodes.DUP);
      super.visitMethodInsn(
          Opcodes.INVOKESTATIC, TARGET, "runs", "(Ljava/lang/Object;)Ljava/lang/Object;", false);
      super.visitVarInsn(Opcodes.ASTORE, token);
      super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
      super.visitVarInsn(Opcodes.ALOAD, token);
      super.visitMethodInsn(
          Opcodes.INVOKESTATIC, TARGET, "restore", "(Ljava/lang/Object;)V", false);
    }
  }

  /**
   * Around a method's whole code, in two variables of ours: what entering gave, and the argument
   * told, since the method may reuse its own.
   */
  private final class Around extends MethodVisitor {
    private final int index;
    private final Point point;
    private final int token;

    /** Internal name; null: a static method. */
    private final String receiver;

    private final Label start = new Label();
    private final Label end = new Label();

    Around(MethodVisitor next, int index, int free, String receiver) {
      super(Opcodes.ASM9, next);
      this.index = index;
      this.receiver = receiver;
      point = points[index];
      token = free;
    }

    @Override
    public void visitCode() {
      super.visitCode();
      woven[index] = true;
      load(point.one());
      super.visitVarInsn(Opcodes.ASTORE, token + 1);
      if (point.kind() == Point.Kind.RUNS) {
        super.visitVarInsn(Opcodes.ALOAD, token + 1);
        super.visitMethodInsn(
            Opcodes.INVOKESTATIC, TARGET, "runs", "(Ljava/lang/Object;)Ljava/lang/Object;", false);
      } else {
        push(probes[index]);
        load(receiver == null ? -1 : 0);
        super.visitVarInsn(Opcodes.ALOAD, token + 1);
        load(point.two());
        super.visitMethodInsn(
            Opcodes.INVOKESTATIC,
            TARGET,
            "enter",
            "(ILjava/lang/Object;Ljava/lang/Object;Ljava/lang/Object;)Ljava/lang/Object;",
            false);
      }
      super.visitVarInsn(Opcodes.ASTORE, token);
      super.visitLabel(start);
    }

    private void load(int slot) {
      if (slot < 0) {
        super.visitInsn(Opcodes.ACONST_NULL);
      } else {
        super.visitVarInsn(Opcodes.ALOAD, slot);
      }
    }

    private void push(int number) {
      super.visitIntInsn(Opcodes.SIPUSH, number);
    }

    @Override
    public void visitInsn(int opcode) {
      if (opcode == Opcodes.ARETURN) {
        super.visitInsn(Opcodes.DUP);
        leave(true, false);
      } else if (opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN) {
        leave(false, false);
      }
      super.visitInsn(opcode);
    }

    /** Result, or exception, is on the stack, if there is one. */
    private void leave(boolean result, boolean thrown) {
      if (point.kind() == Point.Kind.RUNS) {
        if (result || thrown) {
          super.visitInsn(Opcodes.POP);
        }
        super.visitVarInsn(Opcodes.ALOAD, token);
        super.visitMethodInsn(
            Opcodes.INVOKESTATIC, TARGET, "restore", "(Ljava/lang/Object;)V", false);
        return;
      }
      String told = result ? OBJECT : thrown ? THROWABLE : "";
      push(probes[index]);
      if (!told.isEmpty()) {
        super.visitInsn(Opcodes.SWAP);
      }
      super.visitVarInsn(Opcodes.ALOAD, token);
      load(receiver == null ? -1 : 0);
      super.visitVarInsn(Opcodes.ALOAD, token + 1);
      super.visitMethodInsn(
          Opcodes.INVOKESTATIC,
          TARGET,
          result ? "returned" : thrown ? "thrown" : "left",
          "(I"
              + (told.isEmpty() ? "" : Type.getObjectType(told).getDescriptor())
              + "Ljava/lang/Object;Ljava/lang/Object;Ljava/lang/Object;)V",
          false);
    }

    @Override
    public void visitFrame(int type, int count, Object[] local, int stacked, Object[] stack) {
      Object[] with = new Object[count + token + 2];
      int used = 0;
      int slot = 0;
      for (int i = 0; i < count; i++) {
        // Behind ours are those of a point that was woven around this one.
        with[used++] = isOurs(slot) ? OBJECT : local[i];
        slot += local[i] == Opcodes.LONG || local[i] == Opcodes.DOUBLE ? 2 : 1;
      }
      for (; slot < token + 2; slot++) {
        with[used++] = isOurs(slot) ? OBJECT : Opcodes.TOP;
      }
      super.visitFrame(Opcodes.F_NEW, used, with, stacked, stack);
    }

    private boolean isOurs(int slot) {
      return slot == token || slot == token + 1;
    }

    @Override
    public void visitMaxs(int maxStack, int maxLocals) {
      Label handler = new Label();
      super.visitLabel(end);
      super.visitTryCatchBlock(start, end, handler, THROWABLE);
      super.visitLabel(handler);
      // What the method has made of its arguments, nobody knows here; of itself, nothing.
      Object[] self = receiver == null ? new Object[0] : new Object[] {receiver};
      visitFrame(Opcodes.F_NEW, self.length, self, 1, new Object[] {THROWABLE});
      super.visitInsn(Opcodes.DUP);
      leave(false, true);
      super.visitInsn(Opcodes.ATHROW);
      super.visitMaxs(maxStack, maxLocals);
    }
  }
}
