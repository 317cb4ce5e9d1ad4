#!/bin/bash
# word_count agrees with tr, sort and uniq on a tree that holds all that can be wrong with files, whatever the number of
# schedulers; names what it skips; and survives files that vanish and descriptors that run out.
set -euo pipefail
program=$(realpath "$1")
tree=$(mktemp -d)
trap 'chmod -R u+rwx "$tree"; rm -rf "$tree"' EXIT
cd "$tree"
fail() { echo "word_count.sh: $*"; exit 1; }

# The pipeline that word_count's first lines name.
pipeline() {
  find "$@" -type f -print0 | LC_ALL=C xargs -0 sed -s '$a\' | LC_ALL=C tr -cs 'A-Za-z' '\n' |
    LC_ALL=C tr 'A-Z' 'a-z' | sed '/^$/d' | LC_ALL=C sort | uniq -c | LC_ALL=C sort -k1,1nr -k2
}
as_user=()
# Runs it with the arguments after the exit code it must end with; its output goes to out and err.
run() {
  local expected=$1 code=0
  shift
  "${as_user[@]}" "$program" "$@" >out 2>err </dev/null || code=$?
  [[ $code == "$expected" ]] || { head -5 err; fail "exit code $code, not $expected: word_count $*"; }
}
same() { cmp "$1" "$2" || { diff "$1" "$2" | head -5; fail "$3"; }; }
named() { grep -qF -- "word_count: $1; skipped" err || { head -5 err; fail "no word of '$1'"; }; }

# ---- the tree
mkdir -p good/many good/deep/er/still big bad
printf 'One fish, two fish; red fish -- BLUE fish.\r\nno newline at the end' >good/plain
printf 'na\303\257ve caf\303\251 \342\202\254uro \360\237\220\237fish\n' >good/utf8
: >good/empty
printf 'nul\0separates\0words\0\001\002' >good/binary
printf 'deep words' >'good/deep/er/still/a name with blanks'
{ printf 'a%.0s' {1..65535}; printf '\303\251b'; } >good/character_across_chunks
{ printf 'x%.0s' {1..65530}; printf ' acrossthechunks'; } >good/word_across_chunks
seq 1 9000 | tr 0-9 a-j | split -l 3 -a 4 - good/many/f
repeats=11
[[ ${2:-} != small ]] || repeats=1
for ((i = 0; i < repeats; ++i)); do seq 1 300000; done | tr 0-9 k-t | tr "\n" " " >big/large
ln -s .. good/deep/loop
ln -s nowhere good/deep/dangling
mkfifo good/deep/pipe

printf 'latin caf\351 one\n' >bad/latin1
printf 'overlong \300\257\n' >bad/overlong
printf 'surrogate \355\240\200\n' >bad/surrogate
printf 'beyond \364\220\200\200\n' >bad/beyond
printf 'cut off \342\202' >bad/cut_off
{ printf 'y%.0s' {1..65535}; printf '\303\303'; } >bad/across_chunks
head -c 100000 /bin/sh >bad/program

find good -type f -print0 | xargs -0 iconv -f UTF-8 -t UTF-16 >/dev/null || fail "the good files are not all UTF-8"
for file in bad/*; do
  if iconv -f UTF-8 -t UTF-16 "$file" >/dev/null 2>&1; then fail "$file is UTF-8"; fi
done
pipeline good >expected
pipeline good big >expected_with_big
[[ $(wc -l <expected_with_big) -gt 300000 ]] || fail "the tree has few words"

# ---- the same words, with any number of schedulers
for schedulers in 1 2; do
  run 0 --all --schedulers "$schedulers" good big
  same out expected_with_big "other words than the pipeline's, with $schedulers schedulers"
  [[ ! -s err ]] || fail "it complains of good files: $(head -1 err)"
done
head -7 expected >expected_top
run 0 --top 7 good
same out expected_top "--top 7"

# ---- what is skipped is named, and the rest is counted
run 3 --all good bad
same out expected "bad files were counted"
for file in bad/*; do named "$file: Not UTF-8"; done
grep -qx "word_count: $(find bad -type f | wc -l) skipped" err || fail "no count of what was skipped"
run 3 --all --quiet good bad
same out expected "--quiet counts otherwise"
[[ $(wc -l <err) == 1 ]] || fail "--quiet is not quiet"

run 3 good/deep/dangling good/deep/pipe good/plain nothing_here
named "good/deep/dangling: No such file or directory"
named "good/deep/pipe: Not a regular file"
named "nothing_here: No such file or directory"
pipeline good/plain | head -20 >expected_plain
same out expected_plain "one good file among bad ones"

ln -s turn round && ln -s round turn
printf '%s\n' good/plain gone/for/ever round >list
run 3 --list-from list
named "gone/for/ever: No such file or directory"
named "round: Too many levels of symbolic links"
same out expected_plain "paths from a list"
"$program" --list-from - <list >out 2>err || [[ $? == 3 ]] || fail "a list from standard input"
same out expected_plain "a list from standard input"

# Nothing is unreadable to root, who becomes nobody for this.
[[ $(id -u) != 0 ]] || as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if "${as_user[@]}" test -x "$program"; then
  chmod 755 .
  mkdir closed && cp good/plain closed/file && cp good/plain locked
  chmod 000 closed locked
  run 3 closed locked good/plain
  named "closed: Permission denied"
  named "locked: Permission denied"
  same out expected_plain "beside what may not be read"
else
  echo "left out: what may not be read, since an unprivileged user cannot run $program"
fi
as_user=()

# ---- few descriptors, virtual time, progress
(ulimit -n 24; run 0 --all --at-once 200 good; same out expected "with few descriptors")
grep -q "out of descriptors" err || fail "the descriptors did not run out"
MOTE_SEED=7 run 0 --all good/many good/plain good/utf8
pipeline good/many good/plain good/utf8 >expected_part
same out expected_part "in deterministic mode"
run 0 --progress good
grep -Eq '^[0-9]+ files, [0-9.]+ MB read, 0 being read, 0 skipped$' err || fail "no progress: $(head -1 err)"

# ---- files that vanish while it runs
for round in 1 2 3; do
  rm -rf vanishing && cp -r good/many vanishing
  rm -rf vanishing & code=0
  "$program" --all vanishing >out 2>err || code=$?
  wait $!
  [[ $code == 0 || $code == 3 ]] || { head -5 err; fail "exit code $code while files vanish"; }
  if grep -Evq '^word_count: (vanishing.*: No such file or directory; skipped|[0-9]+ skipped)$' err; then
    fail "while files vanish: $(head -3 err)"
  fi
done

# ---- exit codes
run 2
run 2 --no-such-option good
run 2 --at-once 0 good
run 0 --help
run 1 --list-from no_such_list
if "$program" good/plain >/dev/full 2>err; then fail "a full disk was not noticed"; fi
grep -q "standard output" err || fail "a full disk was not named"
