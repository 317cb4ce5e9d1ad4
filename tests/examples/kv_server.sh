#!/bin/bash
# It speaks enough of Redis's protocol for its tools, refuses nonsense with a named error and goes on, and ends on SIGTERM.
set -euo pipefail
program=$1
folder=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null || :; rm -rf "$folder"' EXIT
fail() { echo "$1"; exit 1; }
"$program" --help | grep -q -- --port || fail "--help does not name --port"

# ask TEXT WANTED: sends the text, with its escapes, on a connection of its own; the answer, CR taken off, lines joined by |.
ask() {
  local answer
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf "$1" >&3
  printf 'ECHO the-end\r\n' >&3
  answer=$(sed -e 's/\r$//' -e '/^the-end$/q' <&3 | tr '\n' '|')
  exec 3>&-
  [[ $answer == "$2"* ]] || fail "to '$1' it answered '$answer', not '$2'"
}

for schedulers in 1 2; do
  : >"$folder/said"  # nothing of the last server's
  "$program" --port 0 --shards 3 --schedulers "$schedulers" >"$folder/said" &
  server=$!
  until grep -q port "$folder/said"; do kill -0 "$server"; done
  port=$(grep -oE '[0-9]+' "$folder/said")
  ask 'PING\r\n' '+PONG|'
  ask 'set a 1\r\nget a\r\nincr a\r\nget none\r\n' '+OK|$1|1|:2|$-1|'
  ask '*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$6\r\nx\r\ny z\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n' '+OK|$6|x|y z|'
  ask 'exists a b none\r\ndel a b none\r\nexists a\r\ndbsize\r\n' ':2|:2|:0|:0|'
  ask 'set t text\r\nincr t\r\nset big 9223372036854775807\r\nincr big\r\n' '+OK|-ERR value is not an integer'
  ask 'bogus\r\nget\r\nping\r\n' "-ERR unknown command 'bogus'|-ERR wrong number of arguments for 'get' command|+PONG|"
  ask '*1\r\n$x\r\n' '-ERR Protocol error: invalid bulk length: at most 1048576|'
  ask '*1\r\n$99999999999\r\n' '-ERR Protocol error: invalid bulk length: at most 1048576|'
  ask "$(printf 'x%.0s' {1..70000})" '-ERR Protocol error: too big inline request: at most 65536 bytes|'
  ask 'config get save\r\ncommand\r\nconfig set save 1\r\nconfig bogus\r\nping\r\n' \
    '*2|$4|save|$0||*0|-ERR only CONFIG GET of one parameter is known, and no parameter can be set|-ERR only'
  exec 4<>"/dev/tcp/127.0.0.1/$port"
  printf '*2\r\n$3\r\nGE' >&4  # half a request, and gone
  exec 4>&-
  if command -v redis-cli >/dev/null; then
    [[ $(redis-cli -p "$port" set greeting "hello world") == OK ]] || fail "redis-cli: set"
    [[ $(redis-cli -p "$port" get greeting) == "hello world" ]] || fail "redis-cli: get"
    [[ $(redis-cli -p "$port" incr visits) == 1 && $(redis-cli -p "$port" incr visits) == 2 ]] || fail "redis-cli: incr"
    [[ $(redis-cli -p "$port" exists greeting visits nobody) == 2 ]] || fail "redis-cli: exists"
    [[ $(redis-cli -p "$port" del greeting) == 1 && -z $(redis-cli -p "$port" get greeting) ]] || fail "redis-cli: del"
    redis-benchmark -p "$port" -c 20 -n 2000 -P 4 -t ping,set,get,incr -q >"$folder/bench" 2>&1 || fail "redis-benchmark"
    grep -q "^GET: .*requests per second" <(tr '\r' '\n' <"$folder/bench") || fail "redis-benchmark said no figure"
  fi
  code=0
  "$program" --port "$port" >/dev/null 2>"$folder/refused" || code=$?
  ((code == 1)) && grep -q "$port" "$folder/refused" || fail "a taken port: code $code, $(cat "$folder/refused")"
  exec 4<>"/dev/tcp/127.0.0.1/$port"  # one that says nothing does not hold up the end
  kill -TERM "$server"
  wait "$server" || fail "ended with $? on SIGTERM"
  [[ -z $(cat <&4) ]] || fail "at its end it said something that nobody asked for"
  exec 4>&-
  server=
done
