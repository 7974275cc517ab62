#!/bin/sh
# Writes man pages and completions: `packaging/extras.sh BINARY FOLDER`. BINARY must run on this machine; what it writes
# is the same for every target.
set -eu
binary=${1:?which binary?} folder=${2:?where to?}
mkdir -p "$folder/man" "$folder/completions"
"$binary" man "$folder/man"
"$binary" completions bash >"$folder/completions/crashgate.bash"
"$binary" completions zsh >"$folder/completions/_crashgate"
"$binary" completions fish >"$folder/completions/crashgate.fish"
