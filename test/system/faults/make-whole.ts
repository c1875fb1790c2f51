// SPDX-License-Identifier: Apache-2.0
/**
 * After the faults: everything is mended, and an operator does what status asks of him, until each
 * group runs at home again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderRequest, Status } from '../../../src/ha/contract.ts';
import type { LabHost } from '../../../src/lab/host.ts';
import type { WatchedTrial } from '../../../src/trial/watched-trial.ts';

type Wanted = Pick<OrderRequest, 'verb' | 'target'>;

const WITHIN_MS = 45_000;
const ASK_EVERY_MS = 150;
/** What was ordered is given time before it is ordered again. */
const REPEAT_MS = 3_000;

export async function makeWhole(watched: WatchedTrial): Promise<void> {
  const { trial } = watched;
  await trial.cluster.lab.lose();
  trial.clearFaults();
  await Promise.all(trial.cluster.bmcs.map((bmc) => bmc.mend()));
  // The manager may run elsewhere.
  const manager = trial.manager.isOn ? [trial.manager] : [];
  await Promise.all([...trial.cluster.hosts, ...manager].map(mend));
  const deadline = performance.now() + WITHIN_MS;
  const ordered = new Map<string, number>();
  for (;;) {
    const status = await watched.status();
    if (status !== undefined && isWhole(status)) return;
    if (performance.now() > deadline) await watched.until('all is whole again', isWhole, 0);
    for (const { verb, target } of status === undefined ? [] : wantedBy(status)) {
      const key = `${verb} ${target}`;
      if (performance.now() - (ordered.get(key) ?? -Infinity) < REPEAT_MS) continue;
      ordered.set(key, performance.now());
      const { text } = await watched.order(verb, target);
      if (!text.includes('(cleanup first)')) continue;
      await watched.order('cleanup', target);
      ordered.delete(key);
    }
    await sleep(ASK_EVERY_MS);
  }
}

async function mend(host: LabHost): Promise<void> {
  await host.mendCable();
  await host.thaw();
  if (!host.isOn) return await host.powerOn();
  // One whose init has crashed is left to its fence.
  if (host.init === undefined) return;
  await host.continueProgram();
  await host.startProgram();
}

function isWhole(status: Status): boolean {
  const { hosts, groups } = status;
  return (
    wantedBy(status).length === 0 &&
    groups.every((group) => group.status === 'running' && group.host === group.homeHost) &&
    hosts.every((host) => host.status === 'online' && host.fence === undefined) &&
    hosts.every(({ devices }) => devices.every(({ trust }) => trust === 'proven'))
  );
}

function wantedBy({ hosts, groups }: Status): readonly Wanted[] {
  const online = new Set(hosts.flatMap((host) => (host.status === 'online' ? [host.name] : [])));
  return [
    ...hosts.flatMap((host): readonly Wanted[] => {
      if (!online.has(host.name)) return [];
      if (!host.active) return [{ verb: 'activate', target: host.name }];
      const isWell = host.armed && host.devices.every(({ trust }) => trust !== 'wrong');
      return isWell ? [] : [{ verb: 'reset', target: host.name }];
    }),
    ...groups.flatMap((group): readonly Wanted[] => {
      const target = group.name;
      if (!group.managed) return [{ verb: 'manage', target }];
      if (group.status === 'failed') return [{ verb: 'cleanup', target }];
      const away = group.host !== group.homeHost && online.has(group.homeHost);
      return group.status === 'running' && away ? [{ verb: 'failback', target }] : [];
    }),
  ];
}
