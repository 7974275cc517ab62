#!/bin/sh
# Packs one archive of a release: `packaging/archive.sh BINARY TARGET EXTRAS OUT`. Prints its path.
#
# EXTRAS is a folder of what is in every archive beside the binary: man pages and completions, made by packaging/extras.sh.
# The name is crashgate-vVERSION-TARGET.tar.gz, and all that is in it is in a folder of that name. The same files give the
# same bytes: names are sorted, owners are 0, and times are SOURCE_DATE_EPOCH, or that of the commit.
set -eu
binary=${1:?which binary?} target=${2:?which target?} extras=${3:?where are the extras?} out=${4:?where to?}
here=$(cd "$(dirname "$0")" && pwd)
version=$("$here/version.sh")
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct)}
grep -qx "$target" "$here/targets" || {
  echo "error: $target is not in packaging/targets" >&2
  exit 1
}

name=crashgate-v$version-$target
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/$name"
case $target in
  *-windows-*) program=crashgate.exe ;;
  *) program=crashgate ;;
esac
# Whatever carried the files here may have lost their modes.
install -m 755 "$binary" "$work/$name/$program"
for file in README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE; do
  install -m 644 "$here/../$file" "$work/$name/$file"
done
cp -R "$extras/." "$work/$name/"
find "$work/$name" -type d -exec chmod 755 {} +
find "$work/$name" -type f ! -name "$program" -exec chmod 644 {} +

archive=$out/$name.tar.gz
LC_ALL=C tar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --format=ustar -C "$work" -cf - "$name" |
  gzip -n -9 >"$archive"
echo "$archive"
