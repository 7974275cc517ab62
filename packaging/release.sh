#!/bin/sh
# Makes all files of a release: `packaging/release.sh BINARIES OUT`.
#
# BINARIES has a folder for each target of packaging/targets with the binary in it; the one for x86-64 Linux is run here.
# OUT gets the archives, the Debian packages, install.sh, the manifests for krew and Homebrew, and SHA256SUMS over all of
# them and over what is there already, such as an SBOM.
set -eu
binaries=${1:?where are the binaries?} out=${2:?where to?}
here=$(cd "$(dirname "$0")" && pwd)
version=$("$here/version.sh")
mkdir -p "$out"

# A binary that is not of this version must not get its name.
native=$binaries/x86_64-unknown-linux-musl/crashgate
chmod 755 "$native"
said=$("$native" --version)
[ "$said" = "crashgate $version" ] || {
  echo "error: the binary says \`$said\`, not \`crashgate $version\`" >&2
  exit 1
}
extras=$(mktemp -d)
trap 'rm -rf "$extras"' EXIT
"$here/extras.sh" "$native" "$extras"

while read -r target; do
  binary=$binaries/$target/crashgate
  case $target in *-windows-*) binary=$binary.exe ;; esac
  [ -f "$binary" ] || {
    echo "error: there is no $binary" >&2
    exit 1
  }
  "$here/archive.sh" "$binary" "$target" "$extras" "$out"
done <"$here/targets"
for target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl; do
  "$here/deb.sh" "$binaries/$target/crashgate" "$target" "$extras" "$out"
done
install -m 755 "$here/../install.sh" "$out/install.sh"
"$here/fill-in.sh" "$here/krew.yaml" "$out" >"$out/krew.yaml"
"$here/fill-in.sh" "$here/homebrew.rb" "$out" >"$out/crashgate.rb"

cd "$out"
rm -f SHA256SUMS
sums=$(LC_ALL=C find . -type f | sed 's|^\./||' | LC_ALL=C sort | xargs sha256sum)
printf '%s\n' "$sums" >SHA256SUMS
