#!/bin/bash
# ping_pong plays the rounds it was asked for, and every answer comes in its turn.
set -euo pipefail
program=$1
for schedulers in 1 2; do
  said=$("$program" --rounds 20000 --schedulers "$schedulers")
  [[ $said =~ ^20000\ rounds,\ in\ order,\ [0-9]+\.[0-9]\ ns\ a\ message$ ]] || { echo "it said: $said"; exit 1; }
done
if "$program" --rounds 0 2>/dev/null; then echo "0 rounds were accepted"; exit 1; fi
