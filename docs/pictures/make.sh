#!/usr/bin/env bash
# Makes the pictures of the README from what crashgate itself shows:
#
#     docs/pictures/make.sh
#
# It needs python3 with venv, npm and Chromium; what else it needs it fetches into target/pictures.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=target/pictures
out=docs/pictures
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}

cargo build --locked
mkdir -p "$tools"
[ -x "$tools/venv/bin/asciinema" ] || { python3 -m venv "$tools/venv" && "$tools/venv/bin/pip" install -q 'asciinema==2.4.0'; }
[ -x "$tools/node_modules/.bin/svg-term" ] || npm install --silent --prefix "$tools" svg-term-cli@2.1.1

# The live view. The pause at its end is there to read the verdict in, before the picture begins anew.
"$tools/venv/bin/asciinema" rec -q --overwrite --cols 100 --rows 27 \
  -c "target/debug/crashgate demo; sleep 6; printf ' '" "$tools/live.cast" </dev/null
"$tools/node_modules/.bin/svg-term" --in "$tools/live.cast" --out "$out/live.svg" --window --no-cursor

# The page with the timeline of every pod.
target/debug/crashgate replay tests/recordings/rolling-update-stuck.ndjson --app payments --version v2 \
  --report html="$tools/timeline.html" >/dev/null 2>&1 || true
"$chromium" --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 \
  --window-size=1100,900 --screenshot="$tools/timeline.png" "file://$PWD/$tools/timeline.html" >/dev/null 2>&1
cp "$tools/timeline.png" "$out/timeline.png"
