package io.httpaudit.instrument;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

  /** Of a completion: whom it completes, until it has run. */
  private static final String TARGET_FIELD = "dep";

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
    Map<String, Code> codes = new HashMap<>();
    reader.accept(new Codes(name, codes), ClassReader.SKIP_FRAMES | ClassReader.SKIP_DEBUG);
    ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
    reader.accept(new Methods(writer, name, codes), ClassReader.EXPAND_FRAMES);
    return writer.toByteArray();
  }

  /** Where {@link #weave} found no method for, of this class: {@code Class.method}. */
  List<String> missing(String owner) {
    List<String> missing = new ArrayList<>();
    for (int i = 0; i < points.length; i++) {
      if (!woven[i] && !points[i].elsewhere() && points[i].owner().equals(owner)) {
        missing.add(owner.substring(owner.lastIndexOf('/') + 1) + "." + points[i].method());
      }
    }
    return missing;
  }

  /** What must be known of a method before its code is written. */
  private static final class Code {
    /** How many local variables it has: ours lie behind. */
    int locals;

    /** Names of the methods that it calls. */
    final Set<String> calls = new HashSet<>();

    /** The field {@code dep} as the method itself reads it: owner and descriptor; or null. */
    String[] target;
  }

  /** Reads those methods that a point may be in. */
  private final class Codes extends ClassVisitor {
    private final String owner;
    private final Map<String, Code> codes;

    Codes(String owner, Map<String, Code> codes) {
      super(Opcodes.ASM9);
      this.owner = owner;
      this.codes = codes;
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String descriptor, String signature, String[] exceptions) {
      for (Point point : points) {
        if (point.owner().equals(owner) && point.matches(name, descriptor)) {
          Code code = new Code();
          codes.put(name.concat(descriptor), code);
          return new Reading(code);
        }
      }
      return null;
    }
  }

  private static final class Reading extends MethodVisitor {
    private final Code code;

    Reading(Code code) {
      super(Opcodes.ASM9);
      this.code = code;
    }

    @Override
    public void visitMethodInsn(
        int opcode, String owner, String name, String descriptor, boolean isInterface) {
      code.calls.add(name);
    }

    @Override
    public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
      if (opcode == Opcodes.GETFIELD && name.equals(TARGET_FIELD)) {
        code.target = new String[] {owner, descriptor};
      }
    }

    @Override
    public void visitMaxs(int maxStack, int maxLocals) {
      code.locals = maxLocals;
    }
  }

  private final class Methods extends ClassVisitor {
    private final String owner;
    private final Map<String, Code> codes;

    Methods(ClassVisitor next, String owner, Map<String, Code> codes) {
      super(Opcodes.ASM9, next);
      this.owner = owner;
      this.codes = codes;
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String descriptor, String signature, String[] exceptions) {
      MethodVisitor next = super.visitMethod(access, name, descriptor, signature, exceptions);
      if ((access & (Opcodes.ACC_NATIVE | Opcodes.ACC_ABSTRACT)) != 0) {
        return next;
      }
      Code code = codes.get(name.concat(descriptor));
      if (code == null) {
        return next;
      }
      int free = code.locals;
      String receiver = (access & Opcodes.ACC_STATIC) == 0 ? owner : null;
      for (int i = 0; i < points.length; i++) {
        Point point = points[i];
        if (!point.owner().equals(owner)
            || !point.matches(name, descriptor)
            || !point.call().isEmpty() && !code.calls.contains(point.call())) {
          continue;
        }
        switch (point.kind()) {
          case SUBMITS -> next = new Submits(next, i, name.equals("<init>"));
          case RUNS ->
              next =
                  point.call().isEmpty()
                      ? new Around(next, i, free, receiver == null, descriptor)
                      : new AtCall(next, i, free);
          case PROBE, PARTS -> next = new Around(next, i, free, receiver == null, descriptor);
          case BEGINS -> next = new BeforeCall(next, i);
          case REPLACES -> next = new Replaces(next, i, receiver != null, descriptor);
          case RECEIVES -> next = new Receiver(next, i);
          case MAKES -> next = new Makes(next, i);
          case FIRES -> {
            if (code.target != null) {
              next = new Fires(next, i, free, receiver, code.target);
            }
          }
        }
        // Of two points in one method, each has its own variables.
        free += 3;
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
          Opcodes.INVOKESTATIC, TARGET, points[index].hook(), "(Ljava/lang/Object;)V", false);
    }
  }

  /** What a constructor has made is told. One that calls another of its class tells it twice. */
  private final class Makes extends MethodVisitor {
    private final int index;

    Makes(MethodVisitor next, int index) {
      super(Opcodes.ASM9, next);
      this.index = index;
    }

    @Override
    public void visitInsn(int opcode) {
      if (opcode == Opcodes.RETURN) {
        woven[index] = true;
        super.visitIntInsn(Opcodes.SIPUSH, probes[index]);
        super.visitVarInsn(Opcodes.ALOAD, 0);
        super.visitInsn(Opcodes.ACONST_NULL);
        super.visitInsn(Opcodes.ACONST_NULL);
        super.visitMethodInsn(
            Opcodes.INVOKESTATIC,
            TARGET,
            "enter",
            "(ILjava/lang/Object;Ljava/lang/Object;Ljava/lang/Object;)Ljava/lang/Object;",
            false);
        super.visitInsn(Opcodes.POP);
      }
      super.visitInsn(opcode);
    }
  }

  /** An argument becomes another one. */
  private final class Replaces extends MethodVisitor {
    private final int index;
    private final boolean receiver;
    private final String descriptor;

    Replaces(MethodVisitor next, int index, boolean receiver, String descriptor) {
      super(Opcodes.ASM9, next);
      this.index = index;
      this.receiver = receiver;
      this.descriptor = descriptor;
    }

    /** Internal name of the argument's class. */
    private String type() {
      int slot = receiver ? 1 : 0;
      for (Type argument : Type.getArgumentTypes(descriptor)) {
        if (slot == points[index].one()) {
          return argument.getInternalName();
        }
        slot += argument.getSize();
      }
      throw new IllegalArgumentException(descriptor);
    }

    @Override
    public void visitCode() {
      super.visitCode();
      woven[index] = true;
      super.visitIntInsn(Opcodes.SIPUSH, probes[index]);
      if (receiver) {
        super.visitVarInsn(Opcodes.ALOAD, 0);
      } else {
        super.visitInsn(Opcodes.ACONST_NULL);
      }
      super.visitVarInsn(Opcodes.ALOAD, points[index].one());
      super.visitMethodInsn(
          Opcodes.INVOKESTATIC,
          TARGET,
          "instead",
          "(ILjava/lang/Object;Ljava/lang/Object;)Ljava/lang/Object;",
          false);
      super.visitTypeInsn(Opcodes.CHECKCAST, type());
      super.visitVarInsn(Opcodes.ASTORE, points[index].one());
    }
  }

  /** A thread is about to do its task. */
  private final class BeforeCall extends MethodVisitor {
    private final int index;

    BeforeCall(MethodVisitor next, int index) {
      super(Opcodes.ASM9, next);
      this.index = index;
    }

    @Override
    public void visitMethodInsn(
        int opcode, String owner, String name, String descriptor, boolean isInterface) {
      if (name.equals(points[index].call())) {
        woven[index] = true;
        super.visitVarInsn(Opcodes.ALOAD, 0);
        super.visitVarInsn(Opcodes.ALOAD, points[index].one());
        super.visitMethodInsn(
            Opcodes.INVOKESTATIC,
            TARGET,
            "begins",
            "(Ljava/lang/Object;Ljava/lang/Object;)V",
            false);
      }
      super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
    }
  }

  /** Who receives a call is asked before each. */
  private final class Receiver extends MethodVisitor {
    private final int index;

    Receiver(MethodVisitor next, int index) {
      super(Opcodes.ASM9, next);
      this.index = index;
    }

    @Override
    public void visitMethodInsn(
        int opcode, String owner, String name, String descriptor, boolean isInterface) {
      if (opcode == Opcodes.INVOKEINTERFACE && name.equals(points[index].call())) {
        woven[index] = true;
        // receiver, argument: to the other receiver, argument.
        super.visitInsn(Opcodes.DUP2);
        super.visitIntInsn(Opcodes.SIPUSH, probes[index]);
        super.visitMethodInsn(
            Opcodes.INVOKESTATIC,
            TARGET,
            "receiver",
            "(Ljava/lang/Object;Ljava/lang/Object;I)Ljava/lang/Object;",
            false);
        super.visitTypeInsn(Opcodes.CHECKCAST, owner);
        super.visitInsn(Opcodes.DUP_X2);
        super.visitInsn(Opcodes.POP);
        super.visitInsn(Opcodes.SWAP);
        super.visitInsn(Opcodes.POP);
      }
      super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
    }
  }

  /**
   * What is woven around a method's whole code, with variables of ours behind its own. They have
   * their values from the entry on.
   */
  private abstract class Enclosing extends MethodVisitor {
    final int index;
    final Point point;

    /** Our first variable. */
    final int token;

    /** Internal name of what the exits ask of the method itself; null: nothing. */
    private final String receiver;

    private final int variables;
    private final Label start = new Label();
    private final Label end = new Label();

    Enclosing(MethodVisitor next, int index, int free, int variables, String receiver) {
      super(Opcodes.ASM9, next);
      this.index = index;
      this.variables = variables;
      this.receiver = receiver;
      point = points[index];
      token = free;
    }

    abstract void enter();

    /** Result, or exception, is on the stack, if there is one: to be taken. */
    abstract void leave(boolean result, boolean thrown);

    @Override
    public void visitCode() {
      super.visitCode();
      enter();
      super.visitLabel(start);
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

    final void load(int slot) {
      if (slot < 0) {
        super.visitInsn(Opcodes.ACONST_NULL);
      } else {
        super.visitVarInsn(Opcodes.ALOAD, slot);
      }
    }

    final void store(int slot) {
      super.visitVarInsn(Opcodes.ASTORE, slot);
    }

    final void call(String hook, String descriptor) {
      super.visitMethodInsn(Opcodes.INVOKESTATIC, TARGET, hook, descriptor, false);
    }

    final void plain(int opcode) {
      super.visitInsn(opcode);
    }

    @Override
    public void visitFrame(int type, int count, Object[] local, int stacked, Object[] stack) {
      Object[] with = new Object[count + token + variables];
      int used = 0;
      int slot = 0;
      for (int i = 0; i < count; i++) {
        // Behind ours are those of a point that was woven around this one.
        with[used++] = isOurs(slot) ? OBJECT : local[i];
        slot += local[i] == Opcodes.LONG || local[i] == Opcodes.DOUBLE ? 2 : 1;
      }
      for (; slot < token + variables; slot++) {
        with[used++] = isOurs(slot) ? OBJECT : Opcodes.TOP;
      }
      super.visitFrame(Opcodes.F_NEW, used, with, stacked, stack);
    }

    private boolean isOurs(int slot) {
      return slot >= token && slot < token + variables;
    }

    @Override
    public void visitMaxs(int maxStack, int maxLocals) {
      Label handler = new Label();
      super.visitLabel(end);
      super.visitTryCatchBlock(start, end, handler, THROWABLE);
      super.visitLabel(handler);
      // What the method has made of its variables, nobody knows here.
      Object[] self = receiver == null ? new Object[0] : new Object[] {receiver};
      visitFrame(Opcodes.F_NEW, self.length, self, 1, new Object[] {THROWABLE});
      super.visitInsn(Opcodes.DUP);
      leave(false, true);
      super.visitInsn(Opcodes.ATHROW);
      super.visitMaxs(maxStack, maxLocals);
    }
  }

  /**
   * Tasks run during calls in the middle of a method. Handlers of what they throw still have their
   * context: it ends with the method, however that is left, or where the next one begins.
   */
  private final class AtCall extends Enclosing {
    AtCall(MethodVisitor next, int index, int free) {
      super(next, index, free, 1, null);
    }

    @Override
    void enter() {
      forget();
    }

    private void forget() {
      plain(Opcodes.ACONST_NULL);
      store(token);
    }

    @Override
    public void visitMethodInsn(
        int opcode, String owner, String name, String descriptor, boolean isInterface) {
      boolean nothing = descriptor.startsWith("()");
      if (!name.equals(point.call()) || !nothing && !takesSignal(opcode, descriptor)) {
        super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
        return;
      }
      woven[index] = true;
      // In a loop: of the one before, if what that threw was caught here.
      restore();
      if (nothing) {
        plain(Opcodes.DUP);
      } else {
        plain(Opcodes.DUP2);
        plain(Opcodes.POP);
      }
      call(point.hook(), "(Ljava/lang/Object;)Ljava/lang/Object;");
      store(token);
      super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
      restore();
      forget();
    }

    /** Whether an object is told one object. Tasks are told nothing. */
    private boolean takesSignal(int opcode, String descriptor) {
      return !point.hook().equals("runs")
          && (opcode == Opcodes.INVOKEVIRTUAL || opcode == Opcodes.INVOKEINTERFACE)
          && descriptor.startsWith("(L")
          && descriptor.indexOf(';') == descriptor.indexOf(')') - 1;
    }

    private void restore() {
      load(token);
      call("restore", "(Ljava/lang/Object;)V");
    }

    @Override
    void leave(boolean result, boolean thrown) {
      if (result || thrown) {
        plain(Opcodes.POP);
      }
      restore();
    }
  }

  /** A completion runs if its time has come. */
  private final class Fires extends Enclosing {
    private final String[] target;

    Fires(MethodVisitor next, int index, int free, String receiver, String[] target) {
      super(next, index, free, 1, receiver);
      this.target = target;
    }

    @Override
    void enter() {
      woven[index] = true;
      load(0);
      call("fires", "(Ljava/lang/Object;)Ljava/lang/Object;");
      store(token);
    }

    @Override
    void leave(boolean result, boolean thrown) {
      if (result || thrown) {
        plain(Opcodes.POP);
      }
      load(token);
      load(0);
      load(0);
      super.visitFieldInsn(Opcodes.GETFIELD, target[0], TARGET_FIELD, target[1]);
      call("fired", "(Ljava/lang/Object;Ljava/lang/Object;Ljava/lang/Object;)V");
    }
  }

  /**
   * What entering gave, and the argument told and the receiver, since the method may reuse its own
   * variables, and an optimizer (ProGuard) says of these only what the method still needs.
   */
  private final class Around extends Enclosing {
    /** The receiver's variable at the entry; -1: a static method. */
    private final int self;

    private final String descriptor;

    Around(MethodVisitor next, int index, int free, boolean isStatic, String descriptor) {
      super(next, index, free, 3, null);
      this.descriptor = descriptor;
      self = isStatic ? -1 : 0;
    }

    @Override
    void enter() {
      woven[index] = true;
      load(self);
      store(token + 2);
      load(point.one());
      store(token + 1);
      if (point.kind() == Point.Kind.RUNS) {
        load(token + 1);
        call(point.hook(), "(Ljava/lang/Object;)Ljava/lang/Object;");
      } else {
        push(probes[index]);
        load(self);
        load(token + 1);
        load(point.two());
        boolean parts = point.kind() == Point.Kind.PARTS;
        if (parts) {
          part(point.one());
          part(point.two());
        }
        call(
            "enter",
            "(ILjava/lang/Object;Ljava/lang/Object;Ljava/lang/Object;"
                .concat(parts ? "II" : "")
                .concat(")Ljava/lang/Object;"));
      }
      store(token);
    }

    /** Which part of the array in a slot: the two arguments behind it say. */
    private void part(int array) {
      int slot = self < 0 ? 0 : 1;
      for (Type type : Type.getArgumentTypes(descriptor)) {
        if (slot == array && type.getSort() != Type.ARRAY) {
          plain(Opcodes.ICONST_M1);
          return;
        }
        slot += type.getSize();
      }
      super.visitVarInsn(Opcodes.ILOAD, array + 1);
      push(Short.SIZE);
      plain(Opcodes.ISHL);
      super.visitVarInsn(Opcodes.ILOAD, array + 2);
      plain(Opcodes.IOR);
    }

    private void push(int number) {
      super.visitIntInsn(Opcodes.SIPUSH, number);
    }

    @Override
    void leave(boolean result, boolean thrown) {
      if (point.kind() == Point.Kind.RUNS) {
        if (result || thrown) {
          plain(Opcodes.POP);
        }
        load(token);
        call("restore", "(Ljava/lang/Object;)V");
        return;
      }
      String told = result ? OBJECT : thrown ? THROWABLE : "";
      push(probes[index]);
      if (!told.isEmpty()) {
        plain(Opcodes.SWAP);
      }
      load(token);
      load(token + 2);
      load(token + 1);
      call(
          result ? "returned" : thrown ? "thrown" : "left",
          "(I"
              .concat(told.isEmpty() ? "" : Type.getObjectType(told).getDescriptor())
              .concat("Ljava/lang/Object;Ljava/lang/Object;Ljava/lang/Object;)V"));
    }
  }
}
