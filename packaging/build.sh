#!/bin/sh
# Builds the binary of a release: `packaging/build.sh TARGET [ARGUMENT OF CARGO…]`. Prints where it is.
#
# The same commit, toolchain and target give the same bytes, whatever the folder: no path of this machine ends up in the
# binary, and dependencies are those of Cargo.lock. What is out of reach: the linker and the C compiler of the machine, and
# so the system's libraries on macOS and Windows.
set -eu
target=${1:?"which target? One of: $(tr '\n' ' ' <"$(dirname "$0")/targets")"}
shift
cd "$(dirname "$0")/.."

# Git Bash calls it /d/a/…, rustc D:/a/….
native() { cygpath -m "$1" 2>/dev/null || echo "$1"; }
root=$(native "$(pwd)")
cargo=$(native "${CARGO_HOME:-$HOME/.cargo}")
# The separator lets paths have spaces.
us=$(printf '\037')
flags="--remap-path-prefix=$root=/crashgate$us--remap-path-prefix=$cargo=/cargo"
# Cargo forgets the profile's `strip` for a package that has settings of its own.
flags="$flags$us-Cstrip=symbols"
case $target in
  *-musl) flags="$flags$us-Ctarget-feature=+crt-static" ;;
  # The C runtime inside, and no time stamp.
  *-msvc) flags="$flags$us-Ctarget-feature=+crt-static$us-Clink-arg=/Brepro" ;;
esac
case $target in
  # The TLS library has C in it.
  *-msvc) ;;
  *) CFLAGS="${CFLAGS:-} -ffile-prefix-map=$root=/crashgate -ffile-prefix-map=$cargo=/cargo" && export CFLAGS ;;
esac
export CARGO_ENCODED_RUSTFLAGS="$flags"
cargo build --release --locked --bin crashgate --target "$target" "$@" >&2

binary=${CARGO_TARGET_DIR:-target}/$target/release/crashgate
case $target in
  *-windows-*) binary=$binary.exe ;;
  *-musl)
    # A binary that asks for a loader runs on no other system than its own.
    if readelf --program-headers --wide "$binary" | grep -q INTERP; then
      echo "error: $binary is not static" >&2
      exit 1
    fi
    if readelf --sections --wide "$binary" | grep -q '\.symtab'; then
      echo "error: $binary still has its symbols" >&2
      exit 1
    fi
    ;;
esac
echo "$binary"
