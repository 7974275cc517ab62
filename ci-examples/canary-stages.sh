#!/usr/bin/env bash
# A canary by stages, for clusters without a controller for it. It shifts traffic to a new version step by step, has
# crashgate judge each step, and puts everything back as soon as the answer is anything but healthy.
#
#     APP=checkout NAMESPACE=shop VERSION=v2.3.1 PROM_URL=http://prometheus.monitoring:9090 ci-examples/canary-stages.sh
#     APP=checkout NAMESPACE=shop VERSION=v2.3.1 ci-examples/canary-stages.sh back
#
# What it expects of the cluster:
# - The new version is deployed beside the live one, as a Deployment of its own with the labels app=APP and version=VERSION.
# - Two Services, APP-stable and APP-canary, which select pods by `app` and `version`. APP-stable says which version is live.
# - An HTTPRoute APP of the Gateway API, whose first rule has both Services as backends.
#
# What it does: APP-canary is pointed at the new version, whose pods must be healthy before they get any request. Each stage
# gives them so many percent of the traffic and asks the gate. After the last one the new version gets as many pods as the
# live one has, must be healthy with all of them, and becomes the live version; the old one is removed.
#
# `back` puts everything back after a run that was killed; where the new version is live already, it changes nothing.
# It exits with the code of crashgate that ended the rollout: see `crashgate explain`.
set -euo pipefail

: "${VERSION:?set VERSION to the version that is rolled out}"
: "${APP:?set APP to the name of the app}"
: "${NAMESPACE:?set NAMESPACE to the namespace of the app}"
export VERSION
GATE=${GATE:-gate.yaml}
# Percent of the traffic. At 100 no request reaches the stable pods any more, and nothing could be compared with them.
STAGES=${STAGES:-5 25 50}
ROUTE=${ROUTE:-$APP}
STABLE=${STABLE:-$APP-stable}
CANARY=${CANARY:-$APP-canary}
# Seconds between attempts to put things back.
PAUSE=${PAUSE:-3}

say() { echo "canary: $*" >&2; }

die() {
  say "$*"
  exit 2
}

cluster() { kubectl --namespace "$NAMESPACE" --request-timeout 20s "$@"; }

[[ $VERSION =~ ^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$ ]] || die "VERSION cannot be the value of a label: $VERSION"
for stage in $STAGES; do
  [[ $stage =~ ^([1-9][0-9]?|100)$ ]] || die "no stage: $stage (write percent, as in STAGES=\"5 25 50\")"
done

# The version that a Service leads to.
selected() { cluster get service "$1" -o 'jsonpath={.spec.selector.version}'; }

# Leads a Service to a version.
point() { cluster patch service "$1" --type merge -p "{\"spec\":{\"selector\":{\"version\":\"$2\"}}}" >/dev/null; }

# The place of a Service among the backends of the route.
place() {
  local names name at=0
  names=$(cluster get httproute "$ROUTE" -o 'jsonpath={.spec.rules[0].backendRefs[*].name}')
  for name in $names; do
    if [ "$name" = "$1" ]; then
      echo "$at"
      # In a trap, a bare `return` means how the script ended before.
      return 0
    fi
    at=$((at + 1))
  done
  say "the HTTPRoute $ROUTE has no backend $1 in its first rule"
  return 1
}

# Gives the new version so many percent of the traffic.
weigh() {
  local refs=/spec/rules/0/backendRefs stable canary
  stable=$(place "$STABLE") && canary=$(place "$CANARY") || return 1
  # The names are tested in the same request: nobody else's backend is touched, whoever edits the route meanwhile.
  cluster patch httproute "$ROUTE" --type json -p "[
    {\"op\":\"test\",\"path\":\"$refs/$stable/name\",\"value\":\"$STABLE\"},
    {\"op\":\"test\",\"path\":\"$refs/$canary/name\",\"value\":\"$CANARY\"},
    {\"op\":\"add\",\"path\":\"$refs/$stable/weight\",\"value\":$((100 - $1))},
    {\"op\":\"add\",\"path\":\"$refs/$canary/weight\",\"value\":$1}]" >/dev/null
}

scale() { cluster scale deployment --selector "app=$APP,version=$1" --replicas "$2" >/dev/null; }

# Whatever cannot be done at once is tried again: half of a way back is no way back.
persist() {
  local attempt
  for attempt in 1 2 3 4 5; do
    if "$@"; then return 0; fi
    [ "$attempt" = 5 ] || sleep "$PAUSE"
  done
  return 1
}

# Puts the traffic back on the old version; only then the new one is scaled down, for it may still get requests.
back() {
  say "putting all traffic back on $old, and scaling $VERSION down"
  if persist point "$STABLE" "$old" && persist weigh 0; then
    persist scale "$VERSION" 0 || say "$VERSION gets no traffic, but could not be scaled down: scale it down by hand"
  else
    say "THE TRAFFIC COULD NOT BE PUT BACK. $VERSION may still get requests, and was left running for them."
    say "Set the weights of the HTTPRoute $ROUTE by hand, and look at the Service $STABLE."
    return 1
  fi
}

old=$(selected "$STABLE") || die "the Service $STABLE cannot be read: nothing was changed"
[ -n "$old" ] || die "the Service $STABLE selects no version: it must name the live one"
if [ "$old" = "$VERSION" ]; then
  say "$VERSION is the live version already: nothing was changed"
  if [ "${1:-}" = back ]; then exit 0; else exit 2; fi
fi
if [ "${1:-}" = back ]; then
  if back; then exit 0; else exit 1; fi
fi

running=
undo=
# Whatever ends this script before the new version is live ends it with everything put back.
finish() {
  local code=$?
  trap '' INT TERM HUP
  if [ -n "$undo" ]; then back || true; fi
  exit "$code"
}
# A signal ends the gate first, which then writes what it has seen.
stop() {
  trap '' INT TERM HUP
  say "stopped by a signal"
  if [ -n "$running" ]; then
    kill -TERM "$running" 2>/dev/null || true
    wait "$running" || true
  fi
  exit "$1"
}
trap finish EXIT
trap 'stop 130' INT
trap 'stop 143' TERM
trap 'stop 129' HUP

# Asks crashgate, in the background: a shell that waits for it hears signals at once.
gate() {
  local name=$1 code=0
  shift
  crashgate check -f "$GATE" --report "junit=canary-$name.xml" --report "html=canary-$name.html" "$@" &
  running=$!
  wait "$running" || code=$?
  running=
  if [ "$code" != 0 ]; then
    say "$name: no (crashgate exited with $code)"
    exit "$code"
  fi
  say "$name: healthy"
}

undo=yes
point "$CANARY" "$VERSION"
weigh 0
say "$VERSION gets no traffic yet: are its pods healthy?"
gate start --metrics none
for stage in $STAGES; do
  say "$stage% of the traffic for $VERSION, the rest for $old"
  weigh "$stage"
  gate "stage-$stage"
done

replicas=$(cluster get deployment --selector "app=$APP,version=$old" -o 'jsonpath={.items[0].spec.replicas}') ||
  die "there is no Deployment with the labels app=$APP and version=$old"
say "as many pods for $VERSION as $old has: $replicas"
scale "$VERSION" "$replicas"
gate full --metrics none

# From here on both Services lead to the new version, so that no weight can lead to the old one.
point "$STABLE" "$VERSION"
weigh 0
undo=
say "$VERSION is the live version"
cluster delete deployment --selector "app=$APP,version=$old" >/dev/null || die "$old could not be removed: delete its Deployment by hand"
say "$old is removed"
