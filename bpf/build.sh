#!/usr/bin/env bash
# Compiles the socket filter: `build.sh` writes httpaudit.bpf.o, `build.sh check` fails if the committed one is not its
# source's, byte for byte. The compiler's version is pinned, since another one makes other bytes. Needs clang-14, llvm-14
# and libbpf-dev.
set -eu
cd "$(dirname "$0")"

clang=clang-14
strip=llvm-strip-14
object=httpaudit.bpf.o

compile() {
  "$clang" -g -O2 -Wall -Wextra -Werror -target bpf -mcpu=v2 -fdebug-prefix-map="$PWD=." \
    -I"/usr/include/$(uname -m)-linux-gnu" -c httpaudit.bpf.c -o "$1"
  "$strip" --strip-debug "$1" # DWARF goes, BTF stays: tests read the layouts from it
}

for tool in "$clang" "$strip"; do
  command -v "$tool" > /dev/null || { echo "bpf: $tool is missing: apt-get install clang-14 llvm-14 libbpf-dev" >&2; exit 2; }
done

case "${1:-build}" in
  build)
    compile "$object"
    ;;
  check)
    fresh=$(mktemp)
    trap 'rm -f "$fresh"' EXIT
    compile "$fresh"
    cmp "$fresh" "$object" || { echo "bpf: $object is not what its source compiles to: run bpf/build.sh" >&2; exit 1; }
    echo "bpf: $object is its source's"
    ;;
  *)
    echo "usage: build.sh [build|check]" >&2
    exit 2
    ;;
esac
