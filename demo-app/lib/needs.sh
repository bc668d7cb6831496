# shellcheck shell=bash
# What the demo needs: installed, built, or named.

# apt_install PACKAGE...: the first of them that this release has.
apt_install() {
  local package
  apt-get -qq update >"$work/apt.log" 2>&1 || true
  for package in "$@"; do
    apt-cache show "$package" >/dev/null 2>&1 || continue
    say "  installing $package (apt-get) ..."
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "$package" >>"$work/apt.log" 2>&1 && return 0
  done
  cat "$work/apt.log" >&2
  return 1
}

# need COMMAND PACKAGE...: there, or installed, or named.
need() {
  local command=$1
  shift
  command -v "$command" >/dev/null && return 0
  if is_root && command -v apt-get >/dev/null && apt_install "$@"; then
    hash -r
    command -v "$command" >/dev/null && return 0
  fi
  fail "'$command' is missing: install the package $1"
}

# Sets $java and its $version.
find_java() {
  if [ -n "${JAVA_HOME:-}" ]; then
    java=$JAVA_HOME/bin/java
    [ -x "$java" ] || fail "JAVA_HOME is '$JAVA_HOME', and there is no bin/java in it"
  else
    need javac openjdk-21-jdk-headless openjdk-17-jdk-headless openjdk-25-jdk-headless default-jdk-headless
    java=$(command -v java)
  fi
  version=$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.version = //p')
  [ "${version%%[.+-]*}" -ge 17 ] || fail "Java $version is too old: 17 or newer is needed; set JAVA_HOME"
}

# Whether the agent and the services are there, and no source is newer.
is_built() {
  [ -f "$agent" ] && [ -f "$classes/io/httpaudit/demo/Shop.class" ] || return 1
  [ -z "$(find "$root/agent/src/main" "$root/agent/src/boot" "$root/bpf/httpaudit.bpf.o" -type f -newer "$agent" -print -quit 2>/dev/null)" ] &&
    [ -z "$(find "$root/demo-app/src" -type f -newer "$classes/io/httpaudit/demo/Shop.class" -print -quit 2>/dev/null)" ]
}

build() {
  local started=$SECONDS mvn
  need mvn maven
  [ -w "$root/agent" ] && [ -w "$root/demo-app" ] ||
    fail "$root is not built, and this user may not write to it: run 'mvn -DskipTests package' as its owner"
  printf '  building with Maven ...'
  (cd "$root" && exec mvn -B -ntp -Dmaven.test.skip=true -pl agent,demo-app package) >"$work/build.log" 2>&1 &
  mvn=$!
  pids+=("$mvn")
  while kill -0 "$mvn" 2>/dev/null; do
    sleep 1
    [ -t 1 ] && printf '\r  building with Maven ... %d s' $((SECONDS - started))
  done
  if ! wait "$mvn"; then
    printf '\n'
    tail -n 40 "$work/build.log" >&2
    fail "the build failed"
  fi
  pids=()
  # Maven leaves a class alone whose source is only younger, not other.
  touch "$classes/io/httpaudit/demo/Shop.class" "$agent"
  printf '\r  built with Maven in %d s    \n' $((SECONDS - started))
}
