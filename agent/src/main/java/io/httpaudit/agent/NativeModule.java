package io.httpaudit.agent;

import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A named module for the packages that call native code. Since JDK 24 a restricted call from an
 * unnamed module prints a warning (JEP 472), and access can be granted to a named module alone:
 * granting it to all unnamed ones would silence the application's own warnings too.
 */
final class NativeModule {
  private static final String NAME = "httpaudit.ffi";

  private NativeModule() {}

  /**
   * Makes {@code loader} define these packages' classes in a module of their own; before it defines
   * the first.
   */
  static Module of(ClassLoader loader, Set<String> packages) {
    ModuleDescriptor descriptor =
        ModuleDescriptor.newOpenModule(NAME)
            .requires("java.base")
            .requires("jdk.unsupported")
            .packages(packages)
            .build();
    Configuration configuration =
        ModuleLayer.boot()
            .configuration()
            .resolve(new Finder(descriptor), ModuleFinder.of(), Set.of(NAME));
    ModuleLayer.Controller controller =
        ModuleLayer.defineModules(configuration, List.of(ModuleLayer.boot()), new Loader(loader));
    return controller.layer().findModule(NAME).orElseThrow();
  }

  private record Loader(ClassLoader loader)
      implements java.util.function.Function<String, ClassLoader> {
    @Override
    public ClassLoader apply(String module) {
      return loader;
    }
  }

  private static final class Finder implements ModuleFinder {
    private final ModuleReference reference;

    Finder(ModuleDescriptor descriptor) {
      reference = new Reference(descriptor);
    }

    @Override
    public Optional<ModuleReference> find(String name) {
      return name.equals(NAME) ? Optional.of(reference) : Optional.empty();
    }

    @Override
    public Set<ModuleReference> findAll() {
      return Set.of(reference);
    }
  }

  /** Never read: the class loader has its own way to its classes. */
  private static final class Reference extends ModuleReference {
    Reference(ModuleDescriptor descriptor) {
      super(descriptor, null);
    }

    @Override
    public ModuleReader open() {
      throw new UnsupportedOperationException("classes come from the agent's class loader");
    }
  }
}
