#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A lab host: a network, mount, pid, ipc and uts namespace of its own, with a /run of its own, on a
# cable to the lab's switch. Its init is this script; it runs one program, such as the agent.
#
#   lab-host.sh power-on HOSTDIR LABDIR SWITCH ADDRESS COMMAND...
#   lab-host.sh init     HOSTDIR LABDIR SWITCH ADDRESS COMMAND...    called by the former
#
# SWITCH is the pid of a process in the network namespace of the switch. In HOSTDIR, whose last part
# is the host's name: `freezer` (see bmc/power-contract.md), `cable-cut` (if there, the cable is
# cut), `up` (written when the host is set up), `program.log`, `program.pid` (as the host sees it).
#
# SIGUSR1 starts the program if it does not run, SIGUSR2 kills it with SIGKILL. When LABDIR/alive,
# a FIFO, loses its last writer, the lab is gone and so is the host.
set -eu

action=$1
shift
dir=$1 lab=$2 switch=$3 address=$4
here=$(dirname "$0")
name=${dir##*/}

if [ "$action" = power-on ]; then
  rm -f "$dir/up"
  exec unshare --net --mount --uts --ipc --pid --fork --kill-child \
    "$here/bmc/lab-power.sh" become-init "$dir" "$0" init "$@"
fi
shift 4

in_switch() { nsenter --net="/proc/$switch/ns/net" ip "$@"; }

# The hardware address follows from the address, so that a host keeps it from boot to boot.
connect() {
  port=p-$name
  bytes=$(IFS=. && set -- $address && printf '%02x:%02x:%02x:%02x' "$@")
  state=up
  [ ! -e "$dir/cable-cut" ] || state=down
  # What is left of an earlier boot may take a moment to vanish by itself.
  in_switch link delete "$port" 2>/dev/null || :
  in_switch -batch - <<BATCH
link add $port type veth peer name eth0 address 02:00:$bytes netns 1
link set $port master br0 $state
BATCH
  ip -batch - <<BATCH
link set lo up
address add $address/16 dev eth0
link set eth0 up
BATCH
}

# The directory of the lab stays where it is, also if it lies in the /run that is replaced.
mount_run() {
  mkdir -p "$dir/new-run"
  mount -t tmpfs -o mode=755 lab "$dir/new-run"
  mkdir "$dir/new-run/lock" "$dir/new-run/resource-agents"
  case $lab in
    /run/*)
      mkdir -p "$dir/new-run/${lab#/run/}"
      mount --bind "$lab" "$dir/new-run/${lab#/run/}"
      ;;
  esac
  mount --no-mtab --move "$dir/new-run" /run
}

# Debian's OCF scripts, ours, and the lab's own, under one root.
mount_ocf() {
  for part in lib resource.d/heartbeat; do
    [ ! -d "/usr/lib/ocf/$part" ] || mount --bind "/usr/lib/ocf/$part" "$lab/ocf/$part"
  done
  mount --bind "$here/../../ocf/resource.d/aureole" "$lab/ocf/resource.d/aureole"
  # Not there where the demo is installed.
  [ ! -d "$here/ocf" ] || mount --bind "$here/ocf" "$lab/ocf/resource.d/lab"
}

program=
start_program() {
  if [ -n "$program" ] && kill -0 "$program" 2>/dev/null; then return; fi
  "$@" </dev/null >>"$dir/program.log" 2>&1 &
  program=$!
  echo "$program" >"$dir/program.pid"
}

# Forgotten first: a start that comes in between must not find it.
kill_program() {
  killed=$program
  program=
  [ -z "$killed" ] || kill -KILL "$killed" 2>/dev/null || :
}

[ ! -e "$dir/freezer" ] || echo 0 >"$(cat "$dir/freezer")/cgroup.procs"
connect
mount_run
mount_ocf
mount -t proc proc /proc
echo "$name" >/proc/sys/kernel/hostname

cat "$lab/alive" >/dev/null &
anchor=$!
trap 'start_program "$@"' USR1
trap kill_program USR2
start_program "$@"
: >"$dir/up"

# As init it also reaps what others leave; a signal ends the wait early.
while kill -0 "$anchor" 2>/dev/null; do wait "$anchor" || :; done
