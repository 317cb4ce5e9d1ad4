#!/bin/bash
# Every planted fault of scripts/soak still changes each file it names: planted_faults_test.sh ROOT
set -euo pipefail
cd "$1"
stale=0 faults=0
for fault in tests/bars/planted/*.sed; do
  for file in $(sed -n '1s/^# //p' "$fault"); do
    ((++faults))
    if sed -E -f "$fault" "$file" | cmp -s - "$file"; then
      echo "$fault changes nothing in $file"
      ((++stale))
    fi
  done
done
echo "$faults faults, $stale of them stale"
((faults > 0 && stale == 0))
