#!/bin/bash
# decoder says of each file what became of it, damaged ones crash or hold up an OS process and nothing else, and what crashed is
# started again, with one scheduler and decoder, and with several.
set -euo pipefail
program=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "decoder.sh: $*"; exit 1; }
# A sanitizer would turn the signals into exit codes of its own.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:handle_segv=0:handle_abort=0" TSAN_OPTIONS="${TSAN_OPTIONS:-}:handle_segv=0:handle_abort=0"

# Runs it with the arguments after the exit code it must end with; its output goes to out and err.
run() {
  local expected=$1 code=0
  shift
  "$program" "$@" >out 2>err </dev/null || code=$?
  [[ $code == "$expected" ]] || { head -5 out err; fail "exit code $code, not $expected: decoder $*"; }
}
same() { diff "$1" "$2" || fail "$3"; }

run 0 --make-samples pictures
cp pictures/good_small.run again.run
: >empty.run
files=(pictures/bad_cut_short.run pictures/bad_endless.run pictures/bad_magic.run pictures/bad_overrun.run pictures/bad_sum.run
       pictures/good_large.run pictures/good_small.run pictures/good_wide.run nowhere.run empty.run again.run)
cat >expected <<'END'
pictures/bad_cut_short.run: crashed its decoder: signal: SIGSEGV (code 11)
pictures/bad_endless.run: not done after 4000 ms, its decoder was killed
pictures/bad_magic.run: crashed its decoder: signal: SIGABRT (code 6)
pictures/bad_overrun.run: crashed its decoder: signal: SIGSEGV (code 11)
pictures/bad_sum.run: crashed its decoder: signal: SIGABRT (code 6)
pictures/good_large.run: decoded, 1000 x 700 pixels
pictures/good_small.run: decoded, 64 x 48 pixels
pictures/good_wide.run: decoded, 640 x 30 pixels
nowhere.run: cannot be read: No such file or directory
empty.run: crashed its decoder: signal: SIGSEGV (code 11)
again.run: decoded, 64 x 48 pixels
4 decoded, 7 not; decoders crashed 5 times
END
mkdir written
for decoders in 1 3; do
  run 3 --schedulers $(((decoders + 1) / 2)) --decoders $decoders --patience 4000 --write written "${files[@]}"
  same expected out "something else, with $decoders decoders"
done
[[ $(find written -type f | wc -l) == 4 ]] || fail "not each good picture was written: $(ls written)"
[[ $(stat -c %s written/good_large.pgm) == $((1000 * 700 + 16)) ]] || fail "a written picture is not whole"
cmp written/good_small.pgm written/again.pgm || fail "one picture became two"

run 0 pictures/good_*
run 0 --help
run 2
run 2 --no-such-option pictures/good_small.run
run 2 --decoders 0 pictures/good_small.run
run 1 --make-samples /proc/none
