// SPDX-License-Identifier: Apache-2.0
/**
 * What a package does on a host besides laying down its files: next to nothing. It starts no daemon
 * and switches none on for the next boot: that is for whoever has configured it. An upgrade restarts
 * a daemon that runs, since a restart of either moves nothing and a cluster of two versions helps
 * nobody; a removal stops it, and the services that it looked after go on.
 *
 * In the image of a diskless host no systemd runs, and nothing is done.
 */
import type { Package } from './packages.ts';

export type MaintainerScripts = {
  readonly afterInstall: string;
  readonly afterUpgrade: string;
  readonly beforeRemoval: string;
  readonly afterRemoval: string;
};

const RELOAD = '[ ! -d /run/systemd/system ] || systemctl daemon-reload || :';
const FOLDERS = '[ ! -d /run/systemd/system ] || systemd-tmpfiles --create aureole.conf || :';

export function maintainerScripts({ unit }: Package): MaintainerScripts {
  if (unit === undefined) {
    return { afterInstall: FOLDERS, afterUpgrade: ':', beforeRemoval: ':', afterRemoval: ':' };
  }
  return {
    afterInstall: RELOAD,
    afterUpgrade: `[ ! -d /run/systemd/system ] || systemctl try-restart ${unit} || :`,
    beforeRemoval: `[ ! -d /run/systemd/system ] || systemctl --no-reload disable --now ${unit} || :`,
    afterRemoval: RELOAD,
  };
}
