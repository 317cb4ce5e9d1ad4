#!/bin/bash
# Searches a protocol's model to the end: search.sh [--thorough] FILE.pml [FAULT]. The file's head says with which -D options
# (`// quick OPTIONS`, or `// thorough OPTIONS`), and which faults it has:
#   // fault NAME  WHAT                found with the first of the quick options
#   // rare NAME OPTIONS  WHAT         found with these
# Without FAULT, the search must be complete and without an error: an assertion or a deadlock. With it, there must be an error.
# Prints a line a search: MODEL OPTIONS: N states, N errors.
set -euo pipefail
which=quick optimise=-O0
if [[ $1 == --thorough ]]; then which=thorough optimise=-O2; shift; fi
model=$(realpath "$1") fault=${2:-}
name=$(basename "$model" .pml)
folder=$(mktemp -d "${TMPDIR:-/tmp}/mote-spin.XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# search OPTION...: leaves the numbers of states and errors in $states and $errors. Fails when it is not complete.
search() {
  spin -a "$@" "$model" >spin.log 2>&1 || { cat spin.log; return 1; }
  "${CC:-cc}" "$optimise" -w -DSAFETY -DCOLLAPSE -DMEMLIM=12000 -o pan pan.c
  ./pan -m1000000 >pan.log 2>&1 || true
  states=$(sed -nE 's/^ *([0-9.e+]+) states, stored.*/\1/p' pan.log)
  errors=$(sed -nE 's/^State-vector .* errors: ([0-9]+)$/\1/p' pan.log)
  echo "$name $*: ${states:-no} states, ${errors:-no} errors"
  [[ $states && $errors ]] && ! grep -qE 'max search depth too small|out of memory|aborted|truncated' pan.log
}

options_of() { sed -nE "s,^// $1 +(.*),\1,p" "$model"; }
# For a search that went wrong: the steps that lead to the error.
show_error() {
  grep -E '^pan:' pan.log || true
  spin -t -k "$name.pml.trail" -p -g "$@" "$model" 2>/dev/null | tail -n 200 || true
}

if [[ $fault ]]; then
  options=$(options_of "rare +$fault" | sed -E 's/^((-D[^ ]+ )+).*/\1/')
  [[ $options ]] || { grep -qE "^// fault +$fault " "$model" && options=$(options_of quick | head -n 1); }
  read -r -a options <<<"$options"
  search "${options[@]}" "-D$fault" && ((errors > 0)) || { echo "the fault was not found"; exit 1; }
else
  while read -r -a options; do
    search "${options[@]}" && ((errors == 0)) || { show_error "${options[@]}"; exit 1; }
  done < <(options_of "$which")
fi
