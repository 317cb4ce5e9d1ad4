#!/bin/bash
# Each relative link in a document leads to a file of the tree, and each #anchor to a heading there.
set -uo pipefail
cd "$1" || exit 1
broken=0
# GitHub's name for a heading: lower case, without punctuation, blanks as dashes.
anchors() { sed -n '/^```/,/^```/d; s/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-'; }
for document in *.md docs/*.md docs/design/*.md; do
  [[ -e $document ]] || continue
  while IFS= read -r target; do
    [[ $target == *://* || $target == mailto:* ]] && continue
    file=${target%%#*}
    path=$(dirname "$document")/$file
    [[ -z $file ]] && path=$document
    if [[ ! -e $path ]]; then
      echo "$document: no file $target"
      broken=1
    elif [[ $target == *'#'* ]] && ! anchors "$path" | grep -qxF -- "${target#*#}"; then
      echo "$document: no heading $target"
      broken=1
    fi
  done < <(sed '/^```/,/^```/d' "$document" | grep -o '](\([^)]*\))' | sed 's/^](//; s/)$//')
done
exit $broken
