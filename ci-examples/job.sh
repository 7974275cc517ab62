#!/bin/sh
# Gates by the Job of manifests/job.yaml, ends when the Job ends, whichever way, and exits with the code of the verdict.
set -eu
# Attempts, and seconds between them: together longer than the Job's activeDeadlineSeconds.
attempts=${ATTEMPTS:-630}
pause=${PAUSE:-2}

job() { kubectl --namespace shop --request-timeout 20s "$@"; }

# What is left of the last time says nothing of this one.
job delete job/crashgate --ignore-not-found --wait --timeout 60s --request-timeout 0
kubectl apply -f manifests/rbac.yaml -f manifests/job.yaml

while :; do
  # A cluster that cannot be reached for a moment is asked again.
  ended=$(job get job/crashgate -o 'jsonpath={.status.conditions[?(@.status=="True")].type}') || ended=
  case " $ended " in
    *" Complete "* | *" Failed "*) break ;;
  esac
  attempts=$((attempts - 1))
  if [ "$attempts" -le 0 ]; then
    echo "the Job has not ended in time: nothing is proven" >&2
    exit 7
  fi
  sleep "$pause"
done

# The verdict, as the gate wrote it.
job logs job/crashgate || echo "the log of the Job cannot be read" >&2
case " $ended " in
  *" Complete "*) exit 0 ;;
esac
code=$(job get pods -l job-name=crashgate -o 'jsonpath={.items[0].status.containerStatuses[0].state.terminated.exitCode}') || code=
# Evicted, or cut off at its deadline: a gate that said nothing did not say yes.
case $code in
  [1-9] | [1-9][0-9] | [1-9][0-9][0-9]) exit "$code" ;;
  *) exit 7 ;;
esac
