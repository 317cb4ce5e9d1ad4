#!/bin/bash
# The commands of tools/gdb/mote.py, on a live program or on a core of it. Usage: gdb_test.sh TREE SUBJECT live|dead
# Exits with 77, and says why, where there is no gdb, nobody may be traced, or no core is written.
set -uo pipefail
tree=$1 subject=$2 kind=$3
command -v gdb >/dev/null || { echo "no gdb here (Debian: gdb): not tested"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
commands=(-ex "mote processes" -ex "mote processes busy" -ex "mote bt waiter" -ex "mote bt asker" -ex "mote bt busy" -ex "mote scheduler 0")

look=(gdb -nx -batch -iex "set debuginfod enabled off" -ex "source $tree/tools/gdb/mote.py")

if [[ $kind == live ]]; then
  "${look[@]}" -ex "break stop_here" -ex run "${commands[@]}" -ex kill "$subject" >"$folder/said" 2>&1
  if grep -qiE "ptrace.*(denied|not permitted)|could not trace|Operation not permitted" "$folder/said"; then
    echo "no program may be traced here: not tested"
    exit 77
  fi
else
  # The kernel's core: gdb's own (gcore) leaves out a region of which one page cannot be read, as the guard of a stack.
  (cd "$folder" && ulimit -c unlimited && "$subject" abort >/dev/null 2>&1)
  core=$(find "$folder" -name 'core*' | head -n 1)
  [[ $core ]] || { echo "no core is written here (/proc/sys/kernel/core_pattern): not tested"; exit 77; }
  "${look[@]}" -ex "core-file $core" "${commands[@]}" "$subject" >"$folder/said" 2>&1
fi

failed=0
wanted=(
  '^<[0-9.]+> "waiter" \(shown\) waiting for a message, messages: 1'
  '^<[0-9.]+> "asker" waiting for the answer of <[0-9.]+>'
  '^<[0-9.]+> "limited" waiting for a message, messages: 3'
  '^<[0-9.]+> "busy" running'
  '^#[0-9]+ .*switch_context'
  '^#[0-9]+ .*waits_for_ever'
  '^#[0-9]+ .*receive_reply'
  '^#[0-9]+ .*computes_for_ever'
  '^scheduler 0, thread [1-9]'
  '^  (run|spawn|ready) <[0-9.]+>'
)
for pattern in "${wanted[@]}"; do
  grep -qE "$pattern" "$folder/said" && continue
  echo "$kind: nothing like: $pattern"
  failed=1
done
((failed == 0)) || cat "$folder/said"
exit $failed
