#!/bin/sh
# Installs crashgate from its release page: downloads the archive for this machine, verifies its checksum, tries the binary
# out, and only then puts it in its place. Nothing else is changed, and whatever goes wrong, what was there before stays.
#
#     sh install.sh [--version VERSION|latest] [--to FOLDER] [--releases URL] [--sha256 HASH] [--attestation]
set -eu

# All four are those of Cargo.toml and packaging/targets, which a test holds.
version=0.1.0
repository=https://git.example.com/crashgate/crashgate
targets="x86_64-unknown-linux-musl aarch64-unknown-linux-musl x86_64-apple-darwin aarch64-apple-darwin x86_64-pc-windows-msvc"

releases=${CRASHGATE_RELEASES:-$repository/releases}
to=${HOME:-}/.local/bin
pinned=
attestation=

usage() {
  cat <<END
Installs crashgate: sh install.sh [OPTIONS]

  --version VERSION   the release, such as $version, or \`latest\` [default: $version]
  --to FOLDER         where to [default: ~/.local/bin]
  --releases URL      where the releases are, for a mirror [default: \$CRASHGATE_RELEASES, or
                      $repository/releases]
  --sha256 HASH       the checksum that the archive must have, besides the one that the release names
  --attestation       also verify with \`gh\` that the project's own workflow built the archive
END
}

# What went wrong, and what to do next.
fail() {
  echo "error: $1" >&2
  [ $# -lt 2 ] || echo "  $2" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --version | --to | --releases | --sha256)
      [ -n "${2:-}" ] || fail "$1 needs a value" "See \`sh install.sh --help\`."
      case $1 in
        --version) version=${2#v} ;;
        --to) to=$2 ;;
        --releases) releases=$2 ;;
        --sha256) pinned=$(printf '%s' "$2" | tr A-F a-f) ;;
      esac
      shift 2
      ;;
    --attestation)
      attestation=yes
      shift
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) fail "there is no option $1" "See \`sh install.sh --help\`." ;;
  esac
done
releases=${releases%/}
case $version in
  latest) ;;
  *[!0-9A-Za-z.+-]* | [!0-9]*) fail "\`$version\` is no version" "Write it as in \`--version 1.2.3\`, or \`--version latest\`." ;;
esac
[ -n "$pinned" ] && [ "$version" = latest ] &&
  fail "--sha256 belongs to one version, and \`latest\` is another one tomorrow" "Name the version with --version."

has() { command -v "$1" >/dev/null 2>&1; }

# The same target that the archive's name has.
case $(uname -s) in
  Linux) system=unknown-linux-musl ;;
  Darwin) system=apple-darwin ;;
  MINGW* | MSYS* | CYGWIN*) system=pc-windows-msvc ;;
  *) system=none ;;
esac
case $(uname -m) in
  x86_64 | amd64) machine=x86_64 ;;
  aarch64 | arm64) machine=aarch64 ;;
  *) machine=none ;;
esac
target=$machine-$system
case " $targets " in
  *" $target "*) ;;
  *)
    fail "there is no release for $(uname -s) on $(uname -m)" \
      "Build it, which takes minutes: cargo install --locked --git $repository crashgate"
    ;;
esac
case $target in
  *-windows-*) program=crashgate.exe ;;
  *) program=crashgate ;;
esac

# What comes over a line that anybody can write to proves nothing, and neither does a checksum that came the same way.
case $releases in
  https://*) ;;
  http://*)
    host=${releases#http://}
    case ${host%%/*} in
      *@*) loopback= ;;
      127.0.0.1 | 127.0.0.1:* | localhost | localhost:* | "[::1]" | "[::1]":*) loopback=yes ;;
      *) loopback= ;;
    esac
    [ -n "$loopback" ] || [ -n "$pinned" ] ||
      fail "$releases is not encrypted, so a checksum from there proves nothing" "Use https://, or give the archive's checksum with --sha256."
    ;;
  *) fail "\`$releases\` is no address of releases" "It begins with https://, as in $repository/releases." ;;
esac

if has sha256sum; then
  sum_of() { sha256sum "$1" | cut -d ' ' -f 1; }
elif has shasum; then
  sum_of() { shasum -a 256 "$1" | cut -d ' ' -f 1; }
elif has openssl; then
  sum_of() { openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1; }
else
  fail "nothing here can compute a SHA-256 checksum, so the download cannot be verified" "Install sha256sum (coreutils), shasum or openssl."
fi
has curl || has wget || fail "neither curl nor wget is installed, so nothing can be downloaded" "Install one of them."

# In the folder itself, so that the last step is a rename: there is no moment with half a binary.
[ "$to" != /.local/bin ] || fail "HOME is not set" "Say where to install with --to FOLDER."
mkdir -p "$to" 2>/dev/null || fail "the folder $to cannot be made" "Choose another one with --to FOLDER."
to=$(cd "$to" && pwd)
work=$(mktemp -d "$to/.crashgate.XXXXXX" 2>/dev/null) ||
  fail "the folder $to cannot be written to" "Choose another one with --to FOLDER."
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# Downloads one file of a release.
download() {
  url=$1 file=$work/$2
  if has curl; then
    # An answer over https does not send us on to anything less.
    case $url in https://*) set -- --proto '=https' --tlsv1.2 ;; *) set -- ;; esac
    curl "$@" --fail --silent --show-error --location --retry 2 --connect-timeout 20 --speed-limit 1000 --speed-time 30 \
      --output "$file" "$url" && return 0
  else
    # Only GNU's knows these; that of BusyBox knows no more than the address.
    case $(wget --version 2>/dev/null) in *GNU*) set -- -t 3 -T 30 ;; *) set -- ;; esac
    wget "$@" -q -O "$file" "$url" && return 0
    echo "wget: exit code $?" >&2
  fi
  fail "$url could not be downloaded" "Does that release exist? Is this machine allowed to reach the address? A mirror is named with --releases or CRASHGATE_RELEASES."
}

if [ "$version" = latest ]; then
  download "$releases/latest/download/SHA256SUMS" SHA256SUMS
  version=$(sed -n "s/^[0-9a-f]* [ *]crashgate-v\(.*\)-$target\.tar\.gz\$/\1/p" "$work/SHA256SUMS")
  case $version in
    "" | *[!0-9A-Za-z.+-]*) fail "the latest release at $releases has no archive for $target" "Name an older one with --version." ;;
  esac
else
  download "$releases/download/v$version/SHA256SUMS" SHA256SUMS
fi
name=crashgate-v$version-$target
archive=$name.tar.gz
wanted=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$work/SHA256SUMS")
case $wanted in
  *[!0-9a-f]* | "") fail "SHA256SUMS of release v$version has no checksum for $archive" "Nothing was installed. Choose another release with --version." ;;
esac
download "$releases/download/v$version/$archive" "$archive"

sum=$(sum_of "$work/$archive")
[ ${#sum} -eq 64 ] || fail "the checksum of $archive could not be computed" "Nothing was installed."
[ "$sum" = "$wanted" ] ||
  fail "$archive is not what the release says: its SHA-256 checksum is $sum, and should be $wanted" \
    "Nothing was installed. Try again; if it happens again, do not trust $releases, and tell the project."
[ -z "$pinned" ] || [ "$sum" = "$pinned" ] ||
  fail "$archive is not what --sha256 asks for: its checksum is $sum, and should be $pinned" \
    "Nothing was installed. Is the checksum that of this version and of $target?"
if [ -n "$attestation" ]; then
  has gh || fail "--attestation needs gh, GitHub's command line" "Install it, or leave --attestation out: the checksum is verified either way."
  owner=${repository#*://*/}
  gh attestation verify "$work/$archive" --repo "$owner" >&2 ||
    fail "there is no proof that the workflow of $owner built $archive" "Nothing was installed. Do not trust this archive."
fi

(cd "$work" && tar -xzf "$archive" "$name/$program") || fail "$archive could not be unpacked" "Nothing was installed. Are tar and gzip there?"
chmod 755 "$work/$name/$program"
said=$("$work/$name/$program" --version) || fail "the binary of $archive does not run on this machine" "Nothing was installed. Is $to on a file system that allows programs?"
[ "$said" = "crashgate $version" ] || fail "the binary of $archive says that it is \`$said\`" "Nothing was installed."
mv -f "$work/$name/$program" "$to/$program" || fail "$to/$program could not be replaced" "Is it running, or is something else of that name there?"

echo "crashgate $version is installed: $to/$program (SHA-256 of $archive verified${pinned:+, pinned}${attestation:+, attested})"
case ":$PATH:" in
  *":$to:"*) ;;
  *) echo "  $to is not on your PATH yet: export PATH=\"$to:\$PATH\"" ;;
esac
