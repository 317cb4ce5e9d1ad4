#!/bin/bash
# The probes that docs/observing.md lists are in a program's notes. Usage: probes_test.sh PROGRAM TREE
# Exits with 77, and says why, where there are no probes to be had or nothing reads them.
set -uo pipefail
program=$1 tree=$2
command -v readelf >/dev/null || { echo "no readelf here (Debian: binutils): not tested"; exit 77; }
echo '#include <sys/sdt.h>' | "${CXX:-c++}" -fsyntax-only -x c++ - 2>/dev/null ||
  { echo "no <sys/sdt.h> here (Debian: systemtap-sdt-dev): not tested"; exit 77; }
notes=$(readelf -n "$program" | grep -A 1 'Provider: mote$' | sed -n 's/^ *Name: //p' | sort -u)
listed=$(sed -n 's/^| `mote:\([a-z]*\)` |.*/\1/p' "$tree/docs/observing.md" | sort -u)
[[ $(wc -w <<<"$listed") == 7 ]] || { echo "docs/observing.md lists other probes than seven:" $listed; exit 1; }
[[ $notes == "$listed" ]] || { echo "in the program:" $notes; echo "listed:" $listed; exit 1; }
