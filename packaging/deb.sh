#!/bin/sh
# Packs a Debian package: `packaging/deb.sh BINARY TARGET EXTRAS OUT`, with the arguments of archive.sh. Prints its path.
#
# The name is crashgate_VERSION_ARCHITECTURE.deb. It depends on nothing: the binary is static.
set -eu
binary=${1:?which binary?} target=${2:?which target?} extras=${3:?where are the extras?} out=${4:?where to?}
here=$(cd "$(dirname "$0")" && pwd)
version=$("$here/version.sh")
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct)}
case $target in
  x86_64-unknown-linux-musl) architecture=amd64 ;;
  aarch64-unknown-linux-musl) architecture=arm64 ;;
  *)
    echo "error: no Debian package is made for $target" >&2
    exit 1
    ;;
esac

mkdir -p "$out"
package=$(cd "$out" && pwd)/crashgate_${version}_$architecture.deb
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
usr=$work/data/usr
mkdir -p "$usr/bin" "$usr/share/man/man1" "$usr/share/doc/crashgate" "$usr/share/bash-completion/completions" \
  "$usr/share/zsh/vendor-completions" "$usr/share/fish/vendor_completions.d" "$work/control"
install -m 755 "$binary" "$usr/bin/crashgate"
cp "$extras"/man/*.1 "$usr/share/man/man1/"
gzip -n -9 "$usr"/share/man/man1/*.1
cp "$extras/completions/crashgate.bash" "$usr/share/bash-completion/completions/crashgate"
cp "$extras/completions/_crashgate" "$usr/share/zsh/vendor-completions/_crashgate"
cp "$extras/completions/crashgate.fish" "$usr/share/fish/vendor_completions.d/crashgate.fish"
cat "$here/../LICENSE-MIT" "$here/../LICENSE-APACHE" >"$usr/share/doc/crashgate/copyright"

field() { sed -n "/^\[package\]/,/^\[dependencies\]/s/^$1 = \"\(.*\)\"\$/\1/p" "$here/../Cargo.toml"; }
cat >"$work/control/control" <<END
Package: crashgate
Version: $version
Architecture: $architecture
Maintainer: crashgate <crashgate@git.example.com>
Installed-Size: $(($(find "$work/data" -type f -exec cat {} + | wc -c) / 1024))
Section: admin
Priority: optional
Homepage: $(field repository)
Description: $(field description)
 Run it right after a deploy: it finds the pods of the new version, watches them
 until they are healthy and have stayed so, and exits 0. Or it exits non-zero
 and says why.
END

pack() {
  # Whatever the umask is.
  find "$1" -type d -exec chmod 755 {} +
  find "$1" -type f ! -path '*/bin/*' -exec chmod 644 {} +
  LC_ALL=C tar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --format=gnu -C "$1" -cf - . |
    gzip -n -9 >"$2"
}
pack "$work/control" "$work/control.tar.gz"
pack "$work/data" "$work/data.tar.gz"
echo 2.0 >"$work/debian-binary"
rm -f "$package"
# Deterministic: no times, no owners. The order is the format's.
(cd "$work" && ar rcD "$package" debian-binary control.tar.gz data.tar.gz)
echo "$package"
