# shellcheck shell=bash
# Shared by the scripts: words to the person who runs them, packages, building. Sourced, with the tree's root as the
# working directory. MOTE_SKIP_PACKAGES names packages that are not to be installed; CMake then downloads what it needs.

export -n MOTE_SKIP_PACKAGES  # the scripts' own: the runtime refuses variables that are no option's

say() { printf '%s\n' "$*"; }
headline() { printf '\n== %s\n' "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# with_progress WHAT COMMAND...: runs it with its output in a log, shows now and then how far it is; when it fails, shows
# the log's last lines, $lines_of_failure or 40, and returns its exit code. The log's path is in $last_log afterwards.
with_progress() {
  local what=$1 start=$SECONDS code=0 pid
  shift
  mkdir -p build/logs
  last_log=build/logs/$(printf '%s' "$what" | tr -cs 'A-Za-z0-9\n' '-').log
  printf '%s' "   $what"
  "$@" >"$last_log" 2>&1 </dev/null &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if (((SECONDS - start) / 10 > ${shown:-0})); then
      shown=$(((SECONDS - start) / 10))
      printf '\n      %4d s  %s' $((SECONDS - start)) "$(tail -n 1 "$last_log" | tr -cd '[:print:]' | cut -c1-100)"
    fi
  done
  unset shown
  wait "$pid" || code=$?
  if ((code == 0)); then
    printf '  (%d s)\n' $((SECONDS - start))
  else
    printf '\n'
    tail -n "${lines_of_failure:-40}" "$last_log"
    say "   failed: $what (exit code $code; all of it in $last_log)"
  fi
  return "$code"
}

is_installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

all_installed() {
  local package
  for package in ${1//&/ }; do is_installed "$package" || return 1; done
}

# missing_packages GROUP...: prints what has to be installed, one package a line.
missing_packages() {
  local group entry choice package found
  while read -r group entry; do
    [[ " $* " == *" $group "* ]] || continue
    found=
    for choice in ${entry//|/ }; do all_installed "$choice" && found=1; done
    [[ $found ]] && continue
    entry=${entry%%|*}
    for package in ${entry//&/ }; do
      is_installed "$package" || [[ " ${MOTE_SKIP_PACKAGES:-} " == *" $package "* ]] || say "$package"
    done
  done < <(sed 's/#.*//' scripts/packages.txt)
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# Installing must not take anything from the user: Boost 1.81's headers, for one, conflict with those of 1.74.
refuse_removals() {
  local removed
  removed=$(LC_ALL=C apt-get install --simulate "$@" 2>/dev/null | awk '$1 == "Remv" { printf " %s", $2 }')
  [[ -z $removed ]] && return
  say "Installing$(printf ' %s' "$@") would remove:$removed"
  say "Nothing was changed. Remove them yourself, or keep them and let CMake download Boost 1.81 into the build folder:"
  say "  MOTE_SKIP_PACKAGES='libboost1.81-dev libboost-context1.81-dev libboost-fiber1.81-dev' $0"
  die "stopped, because packages of yours conflict with what mote needs:$removed"
}

# need_packages GROUP...: installs what is missing of these groups.
need_packages() {
  local missing
  if has_apt; then
    mapfile -t missing < <(missing_packages "$@")
    install_packages "${missing[@]}"
  else
    need_commands c++ cmake ninja
    say "No apt-get here: CMake uses the libraries that it finds and downloads the others."
  fi
}

has_apt() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

# install_packages PACKAGE...: installs those that are not there.
install_packages() {
  local missing=() package
  for package in "$@"; do is_installed "$package" || missing+=("$package"); done
  ((${#missing[@]} == 0)) && return
  has_apt || die "missing, and there is no apt-get to install them: ${missing[*]}"
  headline "Installing what is missing: ${missing[*]}"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "missing: ${missing[*]}; installing them needs root or sudo"
    sudo -v || die "missing: ${missing[*]}; sudo refused"  # asks for the password here, in sight
  fi
  with_progress "apt-get update" as_root apt-get update -q ||
    say "   going on with the package index that is here"
  refuse_removals "${missing[@]}"
  with_progress "apt-get install" as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-remove --no-install-recommends -o DPkg::Lock::Timeout=120 "${missing[@]}" ||
    die "could not install: ${missing[*]}"
}

need_commands() {
  local command
  for command in "$@"; do command -v "$command" >/dev/null || die "missing: the program $command"; done
}

cores() { nproc; }

# build PRESET [TARGET...]: configures and builds; all targets when none is named.
build() {
  local preset=$1
  shift
  with_progress "configure $preset" cmake --preset "$preset" || return
  local targets=()
  (($# > 0)) && targets=(--target "$@")
  with_progress "build $preset${*:+: $*}" cmake --build --preset "$preset" -j "$(cores)" "${targets[@]}"
}

# first_cores COUNT: as taskset -c wants them.
first_cores() {
  local range first last
  taskset -cp $$ | sed 's/.*: //' | tr , '\n' | while read -r range; do
    IFS=- read -r first last <<<"$range"
    seq "$first" "${last:-$first}"
  done | head -n "$1" | paste -sd,
}
