#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# install-in-a-copy.sh DEB...: in a mount and pid namespace of its own. All that is written goes to memory
# and is gone with the namespace; what is seen is this machine.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
if [ $$ -ne 1 ]; then
  echo 'This is for a namespace of its own: unshare --mount --pid --fork' >&2
  exit 2
fi

mount --make-rprivate /
top=$(mktemp -d)
mount -t tmpfs -o size=1g copy "$top"
mkdir "$top/upper" "$top/work" "$top/root"
mount -t overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" overlay "$top/root"
mkdir "$top/root/debs"
cp "$@" "$top/root/debs"
mount -t proc proc "$top/root/proc"
# Of this machine: nobody in the copy may change it.
mount --bind /dev "$top/root/dev"
mount -o remount,bind,ro "$top/root/dev"
mount -t tmpfs run "$top/root/run"

export DEBIAN_FRONTEND=noninteractive
inside() { chroot "$top/root" "$@"; }

inside sh -c 'dpkg --install /debs/*.deb' >/dev/null
echo "installed: $(NODE_OPTIONS=--nonsense inside aureole --version)"
code=0
inside aureole status 2>/dev/null || code=$?
echo "unreachable: $code"

echo 'changed by somebody' >"$top/root/etc/default/aureole"
mkdir -p "$top/root/var/lib/aureole"
: >"$top/root/var/lib/aureole/journal.db"
inside sh -c 'dpkg --install /debs/*.deb' >/dev/null
echo "settings kept: $(cat "$top/root/etc/default/aureole")"

inside dpkg --remove aureole aureole-agent aureole-common >/dev/null 2>&1
inside sh -c 'command -v aureole' || echo 'removed: no program'
echo "left: $(inside ls /etc/default/aureole /var/lib/aureole/journal.db | xargs)"
rmdir "$top" 2>/dev/null || :
