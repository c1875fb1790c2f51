// SPDX-License-Identifier: Apache-2.0
/** What a machine must have for tests with lab hosts. */
import type { Needs } from '../needs.ts';

export const LAB_NEEDS: Needs = {
  root: true,
  programs: [
    'ip',
    'nft',
    'openssl',
    'nsenter',
    'unshare',
    'setpriv',
    'losetup',
    'mkfs.ext4',
    'fuser',
    'modprobe',
    'ipmi_sim',
    'ipmitool',
    'fence_ipmilan',
  ],
  files: [
    '/usr/lib/ocf/resource.d/heartbeat/Filesystem',
    '/usr/lib/ocf/resource.d/heartbeat/IPaddr2',
  ],
};
