#!/bin/sh
# Prints the version in Cargo.toml: `packaging/version.sh [TAG]`.
#
# With a tag it checks what a release rests on, and fails if something is not right: the tag is `v` and that version,
# CHANGELOG.md has a section about it, and `repository` in Cargo.toml is where the release will be. Everything that a user
# runs downloads from there.
set -eu
cd "$(dirname "$0")/.."

# Only the section [package]: dependencies have versions too.
field() { sed -n "/^\[package\]/,/^\[dependencies\]/s/^$1 = \"\(.*\)\"\$/\1/p" Cargo.toml; }

fail() {
  echo "error: $1" >&2
  exit 1
}

version=$(field version)
[ -n "$version" ] || fail "Cargo.toml has no version"
if [ $# -gt 0 ]; then
  [ "$1" = "v$version" ] || fail "the tag is $1, but Cargo.toml says $version: tag v$version, or set the version first"
  grep -q "^## \[*$version\]*\( \|\$\)" CHANGELOG.md || fail "CHANGELOG.md has no section \`## $version\`"
  if [ -n "${GITHUB_REPOSITORY:-}" ]; then
    here=${GITHUB_SERVER_URL:?}/$GITHUB_REPOSITORY
    [ "$(field repository)" = "$here" ] ||
      fail "\`repository\` in Cargo.toml is $(field repository), but this is $here: set it, run \`UPDATE_PAGES=1 cargo test release\`, and commit"
  fi
fi
echo "$version"
