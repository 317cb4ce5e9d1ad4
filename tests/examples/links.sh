#!/bin/bash
# links tells each reason of death, whatever the number of schedulers.
set -euo pipefail
program=$1
for schedulers in 1 2; do
  # Compilers spell the anonymous namespace in their own way.
  said=$(MOTE_SCHEDULERS=$schedulers "$program" | sed -E 's/(\{anonymous\}|\(anonymous namespace\))::/::/')
  diff - <(echo "$said") <<'END' || { echo "(with $schedulers schedulers)"; exit 1; }
printer ended: error: paper jam (std::runtime_error)
printer ended: error: no toner (code 42)
printer ended: custom: no paper (::out_of_paper)
  (tray 2 is empty)
3 restarts are enough
department ended: error: paper jam (std::runtime_error)
idle printer ended: shutdown
stubborn printer ended: killed
END
done
