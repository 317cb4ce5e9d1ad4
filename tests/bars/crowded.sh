#!/bin/bash
# The quick share of bar 17: crowded.sh PROGRAM FILTER: the tests of that filter on one core, and again there beside a program
# that spins. Each run must pass.
set -eu
program=$(realpath "$1") filter=$2
cd "$(dirname "$0")/../.."
. scripts/lib.sh
core=$(first_cores 1)
tests() { taskset -c "$core" "$program" --gtest_brief=1 --gtest_filter="$filter"; }
tests
taskset -c "$core" bash -c 'while :; do :; done' &
spinner=$!
trap 'kill "$spinner"' EXIT
tests
