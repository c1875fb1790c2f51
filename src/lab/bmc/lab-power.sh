#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The power switch of a lab host. What lies in HOSTDIR is described in power-contract.md.
#
#   lab-power.sh status HOSTDIR              prints on or off
#   lab-power.sh off HOSTDIR                 prints off once no process of the host is left
#   lab-power.sh on HOSTDIR                  prints on once the host's init runs
#   lab-power.sh become-init HOSTDIR CMD...  in the host's new pid namespace, with the outer /proc
#                                            still mounted: notes this process as init, becomes CMD
#
# HOSTDIR/supplies/NAME in the place of HOSTDIR is one of several power supplies.
#
# Ends with 0 when done, 1 when not, 64 when called wrongly.
set -u

WAIT_STEPS=500 # of 10 ms
CACHE='5 seconds ago'

die() {
  echo "lab-power: $1" >&2
  exit "${2:-1}"
}

usage() { die 'usage: lab-power.sh status|off|on HOSTDIR, or become-init HOSTDIR COMMAND...' 64; }

log() { echo "$(date -u +%FT%T.%3NZ) $1" >>"$at/power.log"; }

# Reads a line of /proc/PID/stat into pid, state and started. The name may hold blanks and brackets.
parse_stat() {
  pid=${1%% *}
  set -- ${1##*) }
  state=$1
  started=${20}
}

# Reads the first line of a file into $line; a missing newline does no harm. Fails without the file.
first_line() {
  line=
  [ -e "$1" ] || return 1
  read -r line 2>/dev/null <"$1" || [ -n "$line" ]
}

# Is the process that init.pid names still there? A zombie init has outlived its whole namespace.
init_lives() {
  [ -e "$dir/init.pid" ] || return 1
  first_line "$dir/init.pid" || :
  case $line in
    [0-9]*' '[0-9]*) ;;
    *) die "$dir/init.pid: '$line' is not PID STARTTIME" ;;
  esac
  noted_pid=${line%% *}
  noted_start=${line#* }
  first_line "/proc/$noted_pid/stat" || return 1
  parse_stat "$line"
  [ "$started" = "$noted_start" ] && [ "$state" != Z ] && [ "$state" != X ]
}

# A process in a frozen v1 cgroup dies only when thawed. All of them get the signal first, so that
# none runs on in between. What froze in a cgroup of its own within the host's is thawed after it.
kill_frozen() {
  first_line "$dir/freezer" && [ -d "$line" ] || return 0
  cgroup=$line
  for pid in $(find "$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null); do
    kill -KILL "$pid" 2>/dev/null
  done
  for each in $(find "$cgroup" -type d); do
    [ ! -e "$each/freezer.state" ] || echo THAWED >"$each/freezer.state"
    [ ! -e "$each/cgroup.freeze" ] || echo 0 >"$each/cgroup.freeze"
  done
}

wait_until() {
  step=0
  until "$@"; do
    step=$((step + 1))
    [ "$step" -le "$WAIT_STEPS" ] || return 1
    sleep 0.01
  done
}

init_is_gone() { ! init_lives; }

power_off() {
  # A host that loses its power says no goodbye: what its kernel sends for dying processes stays in.
  [ ! -x "$dir/before-off" ] || "$dir/before-off" 9>&- || :
  if init_lives; then kill -KILL "$noted_pid" 2>/dev/null; fi
  kill_frozen
  wait_until init_is_gone || die "$dir: init $noted_pid does not die (state $state)"
  if [ -d "$dir/run" ] && [ ! -L "$dir/run" ]; then
    find "$dir/run" -xdev -mindepth 1 -delete || die "$dir/run: not emptied"
  fi
  rm -f "$dir/init.pid"
  [ ! -x "$dir/after-off" ] || "$dir/after-off" 9>&- || die "$dir/after-off failed"
}

power_on() {
  [ -x "$dir/power-on" ] || die "$dir/power-on: not an executable"
  # The host must not inherit the lock, nor what a BMC that called us left open.
  setsid "$dir/power-on" </dev/null >>"$dir/power-on.log" 2>&1 \
    3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  wait_until init_lives || die "$dir: power-on wrote no init.pid of a living process"
}

# Of one supply, or of all of them together.
cut_supplies() {
  for each in "$dir"/supplies/*/; do
    if [ -d "$each" ] && { [ "$at" = "$dir" ] || [ "$at/" = "$each" ]; }; then : >"$each/off"; fi
  done
}

has_supply() {
  for each in "$dir"/supplies/*/; do
    if [ -d "$each" ] && [ ! -e "$each/off" ]; then return 0; fi
  done
  return 1
}

switch() {
  case $action in
    status) ;;
    off)
      case $fault in
        lie) : >"$at/power.lied" ;;
        stuck-on) ;;
        *)
          cut_supplies
          if [ -e "$dir/init.pid" ] && ! has_supply; then power_off; fi
          ;;
      esac
      log "off${fault:+ ($fault)}"
      ;;
    on)
      rm -f "$at/power.lied" "$at/off"
      [ "$at" != "$dir" ] || rm -f "$dir"/supplies/*/off
      [ -e "$dir/init.pid" ] || power_on
      log on
      ;;
  esac
}

# What it says is what was so when it was last looked for.
answer_from_cache() {
  if [ -z "$(find "$at/power.cache" -newermt "$CACHE" 2>/dev/null)" ]; then
    answer >"$at/power.cache"
  fi
  cat "$at/power.cache"
}

answer() {
  if [ "$fault" = lie ] && [ -e "$at/power.lied" ]; then
    echo off
  elif [ -e "$dir/init.pid" ] && [ ! -e "$at/off" ]; then
    echo on
  else
    echo off
  fi
}

[ $# -ge 2 ] || usage
action=$1
dir=$2
shift 2
[ -d "$dir" ] || die "$dir: no such directory" 64
# What the switch is at: the host, or one of its supplies.
at=$dir
dir=${dir%/supplies/*}

case $action in
  become-init)
    [ $# -ge 1 ] || usage
    first_line /proc/self/stat
    parse_stat "$line"
    echo "$pid $started" >"$dir/init.pid.new" && mv "$dir/init.pid.new" "$dir/init.pid" || exit 1
    exec "$@"
    ;;
  status | off | on) [ $# -eq 0 ] || usage ;;
  *) usage ;;
esac

first_line "$at/power" || :
fault=$line
case $fault in
  '' | cache | lie | stuck-on) ;;
  dead)
    log "$action (dead)"
    exec sleep infinity
    ;;
  *) die "$at/power: '$fault' is none of cache, dead, lie, stuck-on" 64 ;;
esac

exec 9>>"$dir/power.lock"
flock -w 10 9 || die "$dir: another lab-power holds the lock"
switch
if [ "$fault" = cache ]; then answer_from_cache; else answer; fi
