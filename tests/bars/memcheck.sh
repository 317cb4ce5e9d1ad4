#!/bin/bash
# The quick share of bar 15: memcheck.sh PROGRAM FILTER: the tests of that filter under valgrind's memcheck: no error.
set -euo pipefail
if ! command -v valgrind; then
  echo "skipped: valgrind is not installed"
  exit 77
fi
MOTE_ARENA_BYTES=$((1 << 31)) exec valgrind --quiet --error-exitcode=99 --fair-sched=yes --max-stackframe=8388608 \
  "$1" --gtest_brief=1 --gtest_filter="$2"
