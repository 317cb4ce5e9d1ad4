#!/bin/bash
# Every fault of scripts/plant still changes each file it names, and says what finds it: planted_faults_test.sh ROOT
set -euo pipefail
cd "$1"
stale=0 faults=0
for fault in tests/planted/*.sed; do
  if ! sed -n 3p "$fault" | grep -qE '^# (bar [0-9]+|[a-z-]+ [a-z_,]+ .+)$'; then
    echo "$fault does not say what finds it"
    ((++stale))
  fi
  for file in $(sed -n '1s/^# //p' "$fault"); do
    ((++faults))
    if ! sed -E -f "$fault" "$file" >/dev/null; then
      echo "$fault is no script of sed's"
      ((++stale))
    elif sed -E -f "$fault" "$file" | cmp -s - "$file"; then
      echo "$fault changes nothing in $file"
      ((++stale))
    fi
  done
done
echo "$faults faults, $stale of them stale"
((faults > 0 && stale == 0))
