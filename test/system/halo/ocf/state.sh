# SPDX-License-Identifier: Apache-2.0
# What the resource agents here have in common. OCF_ROOT is a link in the host's folder, whose folder `up` is there
# while the host has power. Who starts and stops is written to one record that only grows, for all hosts.
host=${OCF_ROOT%/ocf}

# act TYPE KEY OPERATION
act() {
  state=$host/up/$1.$2
  case $3 in
    start)
      test -d "$host/up" || exit 1
      echo "${host##*/} $OCF_RESOURCE_INSTANCE start" >>"$host/../record"
      : >"$state" || exit 1
      ;;
    stop)
      rm -f "$state" || exit 1
      echo "${host##*/} $OCF_RESOURCE_INSTANCE stop" >>"$host/../record"
      ;;
    monitor)
      echo "$OCF_RESOURCE_INSTANCE" >>"$host/monitors"
      test -e "$state" || exit 7
      ;;
    meta-data) echo "<resource-agent name=\"$1\"/>" ;;
    *) exit 3 ;;
  esac
}
