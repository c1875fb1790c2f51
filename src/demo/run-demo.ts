// SPDX-License-Identifier: Apache-2.0
/** The demo from its start to Ctrl-C: the cluster, what the user wishes to happen, and the telling. */
import { join } from 'node:path';
import { styleText } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { haClient, type HaApi } from '../ha/client.ts';
import { AureoleError } from '../kernel/error.ts';
import { canMakeNamespaces } from '../lab/network.ts';
import { removeLab } from '../lab/lab.ts';
import { ensurePackages } from '../lab/packages.ts';
import { AUREOLE, IN_THE_CLONE } from './called.ts';
import type { DemoCluster } from './cluster.ts';
import { serveControl, type Wish } from './control.ts';
import { checkDirectory, controlSocket, demoDirectory, noteOurselves } from './directory.ts';
import { NamespaceCluster } from './namespace-cluster.ts';
import { Narrator } from './narrator.ts';
import { ProcessCluster } from './process-cluster.ts';

type Demo = {
  readonly cluster: DemoCluster;
  readonly narrator: Narrator;
  readonly manager: HaApi;
  /** The end of the demo. */
  readonly signal: AbortSignal;
};

const LOOK_EVERY_MS = 100;
const MANAGER_BACK_MS = 2_000;
const RECONNECT_MS = 100;
/** When a host is known to have missed a beat, and is not yet fenced. */
const MISSED_BEAT_MS = 1_200;

/** Resolves when the signal has ended it and nothing is left. */
export async function runDemo(aureole: readonly string[], signal: AbortSignal): Promise<void> {
  const directory = demoDirectory();
  checkDirectory(directory);
  const kind = await chooseKind();
  if (signal.aborted) return;
  print('Starting four hosts and a manager ...');
  await removeLab(directory);
  noteOurselves(directory);
  const options = { directory, aureole };
  await using cluster: DemoCluster =
    kind === 'namespaces'
      ? await NamespaceCluster.open(options)
      : await ProcessCluster.open(options);
  if (signal.aborted) return;
  const narrator = new Narrator({
    print,
    paint: (style, text) => styleText(style, text, { stream: process.stdout }),
  });
  const manager = haClient(join(directory, 'manager.sock'));
  const demo = { cluster, narrator, manager, signal };
  await serveControl(controlSocket(directory), (wish) => fulfil(wish, demo), signal);
  print(welcome(cluster));
  await Promise.all([tellOfManager(demo), tellOfWorld(demo)]);
  narrator.flush();
  print('\nTaking everything down ...');
}

async function chooseKind(): Promise<'namespaces' | 'processes'> {
  if (process.getuid?.() !== 0) return 'processes';
  if (!(await canMakeNamespaces())) {
    print('This root may not make namespaces (a container?): the hosts will be mere processes.');
    return 'processes';
  }
  const missing = await ensurePackages('demo');
  return missing.length === 0 ? 'namespaces' : 'processes';
}

function welcome({ introduction, hosts }: DemoCluster): string {
  return `${introduction}

In another terminal${IN_THE_CLONE}:
  ${AUREOLE} status --watch            look; also: aureole events, explain, fence, failback
  ${AUREOLE} demo cut oss1             cut the cable; also: freeze, kill (the agent), power-off
  ${AUREOLE} demo mend oss1            plug it in, thaw, start the agent again; also: power-on
  ${AUREOLE} demo kill-manager         kill -9; it is started again after a moment
Hosts: ${hosts.join(', ')}. What happens is told here, in UTC. Ctrl-C ends it and leaves nothing behind.
`;
}

async function fulfil(wish: Wish, demo: Demo): Promise<string> {
  const { cluster, narrator, manager, signal } = demo;
  const at = Date.now();
  if (wish.type === 'kill-manager') {
    cluster.killManager();
    narrator.note('the manager is killed with SIGKILL', at);
    void later(MANAGER_BACK_MS, demo, async () => {
      await cluster.startManager();
      narrator.note('the manager is started again', Date.now());
    });
    return 'The manager is killed; it is started again after a moment.';
  }
  const { act, host } = wish;
  if (!cluster.hosts.includes(host)) {
    const message = `There is no host ${host}: name one of ${cluster.hosts.join(', ')}`;
    throw new AureoleError(message, { code: 'demo-no-such-host' }, { effect: 'none' });
  }
  await cluster.act(act, host);
  narrator.acted(act, host, at);
  // The stream brings the status when something changes: that nothing comes any more is no change.
  void later(MISSED_BEAT_MS, demo, async () => {
    // While the manager is down nobody knows; its stream brings the status once it is back.
    const status = await manager.status(signal).catch(() => undefined);
    if (status !== undefined) narrator.status(status);
  });
  return 'Done. The terminal of the demo tells what happens.';
}

/** The manager may be killed at any time: we ask again, and what was missed comes first. */
async function tellOfManager({ manager, narrator, signal }: Demo): Promise<void> {
  let after = 0;
  while (!signal.aborted) {
    try {
      for await (const message of manager.stream(signal)) {
        if (message.type === 'status') narrator.status(message.status);
        for (const event of await manager.events({ after }, signal)) {
          narrator.event(event);
          after = event.id;
        }
      }
    } catch {
      // Not yet there, or killed; the status of the hosts says the rest.
    }
    await sleep(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Nothing of it happens once the demo ends. What goes wrong is told. */
async function later(
  durationMs: number,
  { narrator, signal }: Demo,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await sleep(durationMs, undefined, { signal });
    await work();
  } catch (error) {
    if (!signal.aborted) narrator.note(`that failed: ${String(error)}`, Date.now());
  }
}

async function tellOfWorld({ cluster, narrator, signal }: Demo): Promise<void> {
  while (!signal.aborted) {
    const now = Date.now();
    for (const news of cluster.look()) narrator.news(news, now);
    narrator.flush(now);
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
