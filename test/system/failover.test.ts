// SPDX-License-Identifier: Apache-2.0
/**
 * The shipped daemons, on hosts that are really cut off, frozen and switched off. Throughout, the
 * canaries and the mount tables of the hosts are watched: no disk may be used by two hosts at once.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorldNews } from '../../src/demo/cluster.ts';
import { NamespaceCluster } from '../../src/demo/namespace-cluster.ts';
import { haClient, type HaApi } from '../../src/ha/client.ts';
import type { EventView, HostView, Status } from '../../src/ha/contract.ts';
import { startDetached } from '../../src/lab/detached.ts';
import { needs } from '../needs.ts';
import { LAB_NEEDS } from './needs-of-the-lab.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const UNTIL_MS = 25_000;
const SKIP = { skip: needs(LAB_NEEDS) };

class Watched implements AsyncDisposable {
  readonly cluster: NamespaceCluster;
  readonly api: HaApi;
  readonly news: WorldNews[] = [];
  readonly #stop = new AbortController();
  readonly #looking: Promise<void>;

  constructor(cluster: NamespaceCluster) {
    this.cluster = cluster;
    this.api = haClient(join(cluster.lab.directory, 'manager.sock'));
    this.#looking = this.#look();
  }

  static async open(): Promise<Watched> {
    const directory = mkdtempSync(join(tmpdir(), 'aureole-system-'));
    const aureole = [process.execPath, MAIN];
    return new Watched(await NamespaceCluster.open({ directory, aureole }));
  }

  async status(): Promise<Status | undefined> {
    return await this.api.status(AbortSignal.timeout(5_000)).catch(() => undefined);
  }

  async events(): Promise<readonly EventView[]> {
    return await this.api.events({ limit: 1_000 }, AbortSignal.timeout(5_000));
  }

  /** The status as soon as it is as wanted. */
  async until(what: string, holds: (status: Status) => boolean): Promise<Status> {
    const deadline = performance.now() + UNTIL_MS;
    let last: Status | undefined;
    while (performance.now() < deadline) {
      last = (await this.status()) ?? last;
      if (last !== undefined && holds(last)) return last;
      await sleep(100);
    }
    const events = (await this.events().catch(() => [])).slice(-12);
    const lines = [
      ...(last?.hosts ?? []).map((h) => `${h.name} ${h.status}: ${h.reason}; ${h.notFenced ?? ''}`),
      ...(last?.groups ?? []).map((group) => `${group.name} ${group.status}: ${group.reason}`),
      ...events.map((event) => `${event.time} ${event.name} ${event.host} ${event.text}`),
    ];
    assert.fail([`not within ${UNTIL_MS} ms: ${what}`, ...lines].join('\n'));
  }

  async untilAllRun(): Promise<void> {
    await this.until('all groups run, all devices are proven', ({ groups, hosts }) => {
      const proven = hosts.every((host) => host.devices.every(({ trust }) => trust === 'proven'));
      return proven && groups.every(({ status }) => status === 'running');
    });
  }

  async untilRuns(group: string, host: string): Promise<Status> {
    return await this.until(`${group} runs on ${host}`, ({ groups }) =>
      groups.some((g) => g.name === group && g.status === 'running' && g.host === host),
    );
  }

  /** Who has written to the disk of a group, in order. */
  writers(group: string): readonly string[] {
    return this.news.flatMap((news) =>
      news.type === 'taken' && news.resource === `${group}-canary` ? [news.host] : [],
    );
  }

  usedTwice(): readonly string[] {
    return this.news.flatMap((news) => (news.type === 'twice' ? [news.text] : []));
  }

  /** How often its power switch was told off, by whomever. */
  switchedOff(host: string): number {
    const text = readFileSync(join(this.cluster.host(host).directory, 'power.log'), 'utf8');
    return text.split('\n').filter((line) => line.endsWith(' off')).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#looking;
    await this.cluster[Symbol.asyncDispose]();
  }

  async #look(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.news.push(...this.cluster.look());
      await sleep(25, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}

function hostOf(status: Status, name: string): HostView {
  const host = status.hosts.find((one) => one.name === name);
  assert.ok(host);
  return host;
}

suite('a cluster that is cut and frozen', SKIP, () => {
  let watched: Watched;
  before(async () => {
    watched = await Watched.open();
    await watched.untilAllRun();
  });
  after(() => watched[Symbol.asyncDispose]());

  test('groups start at home, the one that the others wait for first', async () => {
    const { groups } = await watched.untilRuns('mgs', 'oss1');
    assert.deepEqual(
      groups.map(({ host }) => host),
      groups.map(({ homeHost }) => homeHost),
    );
    const first = watched.news.find(({ type }) => type === 'taken');
    assert.ok(first?.type === 'taken' && first.resource === 'mgs-canary');
  });

  test('a killed agent is no reason to fence: its services go on', async () => {
    await watched.cluster.act('kill', 'oss2');
    await watched.until('refused', (status) => hostOf(status, 'oss2').status === 'refused');
    // Longer than the heartbeat time-out.
    await sleep(4_000);
    assert.equal(watched.switchedOff('oss2'), 0);
    assert.deepEqual(watched.writers('mdt0'), ['oss2']);
    await watched.cluster.act('mend', 'oss2');
    await watched.untilRuns('mdt0', 'oss2');
    assert.deepEqual(watched.writers('mdt0'), ['oss2']);
  });

  test('a host without a cable is fenced, and its group runs elsewhere', async () => {
    await watched.cluster.act('cut', 'oss1');
    const status = await watched.untilRuns('mgs', 'oss2');
    assert.equal(hostOf(status, 'oss1').status, 'off');
    assert.equal(watched.cluster.host('oss1').init, undefined);
    assert.ok((await watched.cluster.host('oss2').run('ip', ['address'])).includes('10.77.1.1/'));
    assert.deepEqual(watched.writers('mgs'), ['oss1', 'oss2']);
  });

  test('a frozen host is fenced before it thaws', async () => {
    await watched.cluster.act('freeze', 'oss3');
    const status = await watched.untilRuns('ost0', 'oss4');
    assert.equal(hostOf(status, 'oss3').status, 'off');
    await watched.cluster.act('mend', 'oss3').catch(() => undefined);
    assert.equal(watched.cluster.host('oss3').init, undefined);
    assert.deepEqual(watched.writers('ost0'), ['oss3', 'oss4']);
  });

  test('no disk was used by two hosts at once', () => {
    assert.deepEqual(watched.usedTwice(), []);
  });
});

suite('a cluster that loses its power and its manager', SKIP, () => {
  let watched: Watched;
  before(async () => {
    watched = await Watched.open();
    await watched.untilAllRun();
  });
  after(() => watched[Symbol.asyncDispose]());

  test('a host without power is fenced all the same, and comes back without its group', async () => {
    await watched.cluster.act('power-off', 'oss1');
    const failedOver = await watched.untilRuns('mgs', 'oss2');
    assert.equal(hostOf(failedOver, 'oss1').status, 'off');
    await watched.cluster.act('power-on', 'oss1');
    const status = await watched.until(
      'online',
      (now) => hostOf(now, 'oss1').status === 'online' && hostOf(now, 'oss1').boot !== undefined,
    );
    assert.equal(status.groups.find(({ name }) => name === 'mgs')?.host, 'oss2');
    assert.deepEqual(watched.writers('mgs'), ['oss1', 'oss2']);
  });

  test('a manager that is killed during a fence is followed by one that carries it through', async () => {
    // As long as somebody else holds its lock, the power switch does not answer.
    const { directory } = watched.cluster.host('oss3');
    const slow = ['flock', join(directory, 'power.lock'), 'sleep', '5.5'];
    await startDetached(slow, join(directory, 'slow.log'));
    await watched.cluster.act('cut', 'oss3');
    const underWay = (now: Status): boolean => hostOf(now, 'oss3').fence !== undefined;
    const { epoch } = await watched.until('a fence is under way', underWay);
    watched.cluster.killManager();
    await sleep(500);
    await watched.cluster.startManager();
    const status = await watched.untilRuns('ost0', 'oss4');
    assert.equal(hostOf(status, 'oss3').status, 'off');
    assert.ok(status.epoch.number > epoch.number);
    const begun = (await watched.events()).filter(
      ({ name, host }) => name === 'ha.fence.begun' && host === 'oss3',
    );
    assert.equal(begun.length, 1);
    assert.deepEqual(watched.writers('ost0'), ['oss3', 'oss4']);
  });

  test('no disk was used by two hosts at once', () => {
    assert.deepEqual(watched.usedTwice(), []);
  });
});
