#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What ipmi_sim calls as the chassis of a lab host: `ipmi-chassis.sh MC get NAME...` answers
# NAME:VALUE lines, `ipmi-chassis.sh MC set NAME VALUE...` switches. LAB_HOST: the host's directory.
set -u

lab_power="$(dirname "$0")/lab-power.sh"
verb=$2
shift 2

get() {
  case $1 in
    power)
      answer=$("$lab_power" status "$LAB_HOST") || return 1
      if [ "$answer" = on ]; then echo power:1; else echo power:0; fi
      ;;
    boot) echo boot:default ;;
    *) echo "$1:0" ;;
  esac
}

set_to() {
  case $1=$2 in
    power=0) "$lab_power" off "$LAB_HOST" >/dev/null ;;
    power=1) "$lab_power" on "$LAB_HOST" >/dev/null ;;
    *) return 1 ;;
  esac
}

case $verb in
  get)
    while [ $# -gt 0 ]; do
      get "$1" || exit 1
      shift
    done
    ;;
  set)
    while [ $# -gt 1 ]; do
      set_to "$1" "$2" || exit 1
      shift 2
    done
    ;;
  check) ;;
  *) exit 1 ;;
esac
