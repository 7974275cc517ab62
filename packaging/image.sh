#!/bin/sh
# Lays out what packaging/Dockerfile needs: `packaging/image.sh RELEASE CONTEXT`. RELEASE is a folder with the archives,
# whose checksums are verified.
set -eu
release=${1:?where are the archives?} context=${2:?where to?}
here=$(cd "$(dirname "$0")" && pwd)
version=$("$here/version.sh")
certificates=${CA_CERTIFICATES:-/etc/ssl/certs/ca-certificates.crt}
mkdir -p "$context"
context=$(cd "$context" && pwd)
cd "$release"
for pair in amd64:x86_64 arm64:aarch64; do
  name=crashgate-v$version-${pair#*:}-unknown-linux-musl
  grep " $name.tar.gz\$" SHA256SUMS | sha256sum --check --quiet -
  mkdir -p "$context/${pair%:*}"
  tar -xzf "$name.tar.gz" -C "$context/${pair%:*}" --strip-components=1 "$name/crashgate"
done
cp "$certificates" "$context/ca-certificates.crt"
cp "$here/Dockerfile" "$context/Dockerfile"
