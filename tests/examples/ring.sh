#!/bin/bash
# The token ends where arithmetic says: hop n is held by member n mod size, counted from 1.
set -euo pipefail
program=$1
ends_at() {  # SIZE HOPS MEMBER
  local said schedulers
  for schedulers in 1 2; do
    said=$("$program" --processes "$1" --hops "$2" --schedulers "$schedulers" 2>/dev/null)
    [[ $said == "$3" ]] || { echo "$1 members, $2 hops, $schedulers schedulers: $said, not $3"; exit 1; }
  done
}
ends_at 503 1000 498
ends_at 503 0 1
ends_at 1 10 1
ends_at 2 100001 2
ends_at 5000 20000 1
