#!/bin/bash
# It answers on the port it names, refuses a port that is taken, and ends on SIGTERM with connections open.
set -euo pipefail
program=$1
said=$(mktemp)
trap 'kill "$server" 2>/dev/null || :; rm -f "$said"' EXIT
"$program" --help | grep -q -- --port || { echo "--help does not name --port"; exit 1; }
for schedulers in 1 2; do
  : >"$said"  # nothing of the last server's
  "$program" --port 0 --schedulers "$schedulers" >"$said" &
  server=$!
  until grep -q port "$said"; do kill -0 "$server"; done
  port=$(grep -oE '[0-9]+' "$said")
  for host in 127.0.0.1 ::1; do
    exec 3<>"/dev/tcp/$host/$port"
    echo "hello $host" >&3
    read -r answer <&3
    [[ $answer == "hello $host" ]] || { echo "answered '$answer'"; exit 1; }
  done
  code=0
  "$program" --port "$port" >/dev/null 2>"$said" || code=$?
  ((code == 1)) && grep -q "$port" "$said" || { echo "a taken port: code $code, $(cat "$said")"; exit 1; }
  kill -TERM "$server"
  wait "$server" || { echo "ended with $? on SIGTERM"; exit 1; }
  exec 3>&-
done
