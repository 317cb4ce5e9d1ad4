#!/bin/bash
# The counter is there again after each crash, from where it began; and its supervisor gives up after too many.
set -euo pipefail
program=$1
for schedulers in 1 2; do
  diff - <("$program" --schedulers "$schedulers" 2>/dev/null) <<'END' || { echo "(with $schedulers schedulers)"; exit 1; }
add 40: 40
add 50: 90
add 60: no answer, counter: 150
add 7: 7
total: 7
END
  said=$("$program" --schedulers "$schedulers" --first 90 9 20 1 2>/dev/null | tail -n 1)
  [[ $said == "total: 91" ]] || { echo "from 90: $said"; exit 1; }
  said=$("$program" --schedulers "$schedulers" 100 100 100 100 2>/dev/null)
  [[ $said != *total* ]] || { echo "four crashes, and yet: $said"; exit 1; }
done
