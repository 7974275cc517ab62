#!/bin/sh
# Deploys behind the Canary of manifests/flagger.yaml and opens its gate, or its rollback, by what crashgate says. For any CI
# system; gate.yaml names `workload: canary/checkout`, and a waitPeriod that is longer than the Canary's interval and the
# start of its pods together.
set -eu

# The gates are in the load tester's memory. By exec, it needs no address that others could reach.
hook() {
  kubectl -n shop exec deploy/flagger-loadtester -- \
    curl -sSf -d '{"name": "checkout", "namespace": "shop"}' "http://localhost:8080/$1"
}

# What an earlier deploy opened would let this one through unseen.
hook gate/close
hook rollback/close
kubectl apply -f deploy/

code=0
crashgate check -f gate.yaml --report junit=crashgate.xml --report html=crashgate.html || code=$?
case $code in
  0) hook gate/open ;;
  1) hook rollback/open ;;
  # Neither: Flagger goes on waiting until a person or the next deploy decides.
esac
exit "$code"
