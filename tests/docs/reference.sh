#!/bin/bash
# docs/reference.md names each function and each type that include/mote declares for users.
set -uo pipefail
cd "$1" || exit 1
# Functions at the start of a line or at a member's indent, and types; not what is private or in namespace detail.
names() {
  sed -e '/^namespace detail {/,/^}  \/\/ namespace detail/d' -e '/^ private:/,/^};/d' -e 's://.*$::' include/mote/*.hpp |
    grep -oE '^(  )?[A-Za-z][A-Za-z0-9_:<>&\*, ]*[ &*][a-z_]+\(|^(struct|class|enum class|concept) [a-z_]+' |
    sed -E 's/\($//; s/.*[ &*]//' |
    grep -vE '^(operator.*|explicit|noexcept|bool|swap|hash)$' | sort -u
}
found=0 missing=0
for name in $(names); do
  ((++found))
  grep -qE "(^|[^a-z_])$name([^a-z_]|$)" docs/reference.md || { echo "docs/reference.md does not name $name"; missing=1; }
done
((found > 80)) || { echo "only $found names were found in include/mote: the search is broken"; exit 1; }
exit $missing
