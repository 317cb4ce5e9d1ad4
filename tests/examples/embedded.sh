#!/bin/bash
# embedded answers each line once, in whatever order, tells what is no number, and how many there were.
set -euo pipefail
program=$1
expected=$(printf '%s\n' '1: 1' '10 numbers' '15: 5' '1000000007: 1000000007' '2: 2' '36: 3' '49: 7' '600851475143: 6857' \
  '97: 97' '999999999989: 999999999989' '8: 2' 'not a number: seven' | sort)
for workers in 1 3 100; do
  said=$(printf '%s\n' 1 2 15 36 seven 49 97 1000000007 600851475143 999999999989 8 | "$program" --workers "$workers" | sort)
  [[ $said == "$expected" ]] || { echo "with $workers workers it said:"; echo "$said"; exit 1; }
done
said=$("$program" </dev/null)
[[ $said == "0 numbers" ]] || { echo "without input it said: $said"; exit 1; }
