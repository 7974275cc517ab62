#!/bin/sh
# Helm: upgrade, then wait for proof. For any CI system; the chart's pods carry a version label, or their image's tag does.
#
# No `--wait` and no `--atomic`: they hold a Deployment for done once its pods are Ready for a moment, name no cause, and
# roll back before anybody has read a log. And not as a hook of the chart: with `--wait`, a post-upgrade hook runs only
# after Helm holds the release for healthy, so never for an app that is not; without it, Helm waits for the hook's Job and
# says no more than that it failed.
set -eu
release=checkout
namespace=shop

helm upgrade --install "$release" ./chart --namespace "$namespace" --set "image.tag=${VERSION:?set VERSION to the version that is deployed}"

# What Helm applied is what is gated: every workload of the release, at the version that it has there.
helm get manifest "$release" --namespace "$namespace" > deployed.yaml
code=0
crashgate check -f deployed.yaml --namespace "$namespace" --report junit=crashgate.xml --report html=crashgate.html || code=$?

# Only what is the version's own fault is rolled back; on its first install there is nothing to go back to.
if [ "$code" = 1 ] && [ "$(helm history "$release" --namespace "$namespace" --max 2 --output json | grep -o '"revision"' | wc -l)" -gt 1 ]; then
  helm rollback "$release" --namespace "$namespace"
fi
exit "$code"
