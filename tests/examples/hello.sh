#!/bin/bash
# hello prints one greeting, with any number of schedulers.
set -euo pipefail
program=$1
for schedulers in 1 2; do
  said=$(MOTE_SCHEDULERS=$schedulers "$program")
  [[ $said == "hello, world" ]] || { echo "with $schedulers schedulers it said: $said"; exit 1; }
done
