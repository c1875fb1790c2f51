#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a lab host runs where Pacemaker is measured: corosync and Pacemaker as Debian has them, with
# every directory that they write in as the host's own.
#
#   pacemaker-host.sh DISK OCF
#
# DISK  what stays when the power goes: etc/corosync.conf, and what the daemons keep
# OCF   the lab's OCF root; Pacemaker knows no other than /usr/lib/ocf
set -eu

disk=$1 ocf=$2
READY_STEPS=200 # of 50 ms

mkdir -p "$disk/pacemaker" "$disk/corosync" "$disk/log"
mount --bind "$disk/pacemaker" /var/lib/pacemaker
mount --bind "$disk/corosync" /var/lib/corosync
mount --bind "$disk/log" /var/log
mount --bind "$disk/etc" /etc/corosync
mount --rbind "$ocf/resource.d" /usr/lib/ocf/resource.d
mount -t tmpfs -o mode=1777 lab /dev/shm

mkdir -p /var/lib/pacemaker/blackbox /var/lib/pacemaker/cib /var/lib/pacemaker/cores \
  /var/lib/pacemaker/pengine /var/log/corosync /var/log/crmsh /var/log/pacemaker /run/crm /run/pacemaker
chown -R hacluster:haclient /var/lib/pacemaker /var/log/pacemaker /run/crm /run/pacemaker
chmod 750 /var/lib/pacemaker /run/crm

corosync -f &
step=0
until corosync-cfgtool -s >/dev/null 2>&1; do
  step=$((step + 1))
  [ "$step" -le "$READY_STEPS" ] || exit 1
  sleep 0.05
done
exec pacemakerd -f
