#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A PDU with a line protocol, as powermand's coprocess: `on|off|stat PLUG` is answered with
# `PLUG ON|OFF` and OK, or with ERROR. `powerman-pdu.sh HOSTS`: plug NAME is the lab host HOSTS/NAME.
set -u

lab_power="$(dirname "$0")/lab-power.sh"
hosts=$1

while read -r verb plug; do
  case $verb in
    on | off) action=$verb ;;
    stat) action=status ;;
    quit) exit ;;
    *) continue ;;
  esac
  case $("$lab_power" "$action" "$hosts/$plug" </dev/null) in
    on) echo "$plug ON" && echo OK ;;
    off) echo "$plug OFF" && echo OK ;;
    *) echo ERROR ;;
  esac
done
