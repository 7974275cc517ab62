#!/bin/sh
# Fills in a template for a package manager: `packaging/fill-in.sh TEMPLATE RELEASE >FILE`.
#
# RELEASE is a folder with the archives. In the template, @VERSION@ is the version, @DOWNLOADS@ the address below which the
# files of this release are, @REPOSITORY@ that of the project, and @SHA256:NAME@ the checksum of a file, computed here and
# now: no checksum is written by hand.
set -eu
template=${1:?which template?} release=${2:?where are the archives?}
here=$(cd "$(dirname "$0")" && pwd)
version=$("$here/version.sh")
repository=$(sed -n 's/^repository = "\(.*\)"$/\1/p' "$here/../Cargo.toml")
downloads=$repository/releases/download/v$version

text=$(sed -e "s|@VERSION@|$version|g" -e "s|@DOWNLOADS@|$downloads|g" -e "s|@REPOSITORY@|$repository|g" "$template")
names=$(printf '%s\n' "$text" | sed -n 's/.*@SHA256:\([^@]*\)@.*/\1/p')
for name in $names; do
  [ -f "$release/$name" ] || {
    echo "error: $template names $name, which is not in $release" >&2
    exit 1
  }
  sum=$(sha256sum "$release/$name" | cut -d ' ' -f 1)
  text=$(printf '%s\n' "$text" | sed "s|@SHA256:$name@|$sum|g")
done
if printf '%s\n' "$text" | grep -n '@[A-Z0-9]*[:@]' >&2; then
  echo "error: $template has something else to be filled in" >&2
  exit 1
fi
printf '%s\n' "$text"
