#!/bin/bash
# run_program.sh PROGRAM CODE SCHEDULERS OUTPUT: runs PROGRAM with each number of schedulers in the list, expects the exit
# code CODE and, where the file OUTPUT exists, its text.
set -uo pipefail
program=$1 expected_code=$2 expected=$4
for schedulers in ${3//,/ }; do
  code=0
  said=$(MOTE_SCHEDULERS=$schedulers "$program"; code=$?; echo .; exit $code) || code=$?
  [[ $code == "$expected_code" ]] || { echo "exit code $code, not $expected_code, with $schedulers schedulers"; exit 1; }
  [[ -e $expected ]] || continue
  diff "$expected" <(printf '%s' "${said%.}") || { echo "(with $schedulers schedulers)"; exit 1; }
done
