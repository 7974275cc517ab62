#!/bin/sh
# Writes the list of everything that is compiled into crashgate, as CycloneDX: `packaging/sbom.sh OUT`. Prints its path.
#
# The name is crashgate-vVERSION.cdx.json. It needs cargo-cyclonedx.
set -eu
out=${1:?where to?}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")/.."
name=crashgate-v$(packaging/version.sh)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
cargo cyclonedx --quiet --format json --spec-version 1.5 --target all --no-build-deps --override-filename "$name.cdx"
# Where it was made is nobody's business, and differs.
sed "s|$(pwd)|/crashgate|g" "$name.cdx.json" >"$out/$name.cdx.json"
rm "$name.cdx.json"
echo "$out/$name.cdx.json"
