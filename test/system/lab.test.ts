// SPDX-License-Identifier: Apache-2.0
/** The lab does to its hosts what happens to real ones, and nothing is left of it. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { AppendLog } from '../../src/lab/append-log.ts';
import { CanaryJudge, hostsThatMount, parseCanaryLog } from '../../src/lab/canary.ts';
import { runCommand } from '../../src/lab/command.ts';
import type { LabHost } from '../../src/lab/host.ts';
import { Lab, removeLab } from '../../src/lab/lab.ts';
import { needs } from '../needs.ts';
import { LAB_NEEDS } from './needs-of-the-lab.ts';

const SKIP = { skip: needs(LAB_NEEDS) };
const STAND_IN = `require('node:http').createServer((q, a) => a.end('here')).listen(8000)`;

async function openLab(t: TestContext): Promise<Lab> {
  const directory = mkdtempSync(join(tmpdir(), 'aureole-lab-'));
  const lab = await Lab.open(directory);
  t.after(() => lab[Symbol.asyncDispose]());
  return lab;
}

async function startPair(lab: Lab): Promise<[LabHost, LabHost]> {
  const command = [process.execPath, '-e', STAND_IN];
  const one = lab.host({ name: 'one', address: '10.77.0.1', command });
  const two = lab.host({ name: 'two', address: '10.77.0.2', command: ['sleep', 'infinity'] });
  await Promise.all([one.powerOn(), two.powerOn()]);
  await until(async () => (await ask(one, two)) === 'here');
  return [one, two];
}

/** What the program of one host answers to the other one, or the code of the failure. */
async function ask(target: LabHost, from: LabHost): Promise<string> {
  const url = `http://${target.address}:8000/`;
  const script = `fetch('${url}', { signal: AbortSignal.timeout(500) }).then((answer) => answer.text())
    .catch((error) => error.cause?.code ?? error.name)
    .then((text) => { console.log(text); process.exit(); })`;
  return (await from.run(process.execPath, ['-e', script])).trim();
}

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, 'it did not come about within 5 s');
    await delay(20);
  }
}

const SILENT = 'TimeoutError';
const REFUSED = 'ECONNREFUSED';

test('a host is silent while its cable is cut or it is frozen', SKIP, async (t) => {
  const [one, two] = await startPair(await openLab(t));
  await one.cutCable();
  assert.equal(await ask(one, two), SILENT);
  await one.mendCable();
  assert.equal(await ask(one, two), 'here');
  await one.freeze();
  assert.equal(await ask(one, two), SILENT);
  await one.thaw();
  assert.equal(await ask(one, two), 'here');
});

test('what is lost in one direction is lost between those hosts only', SKIP, async (t) => {
  const lab = await openLab(t);
  const [one, two] = await startPair(lab);
  for (const loss of [{ from: 'one' }, { to: 'one' }, { from: 'two', to: 'one' }]) {
    await lab.lose(loss);
    assert.equal(await ask(one, two), SILENT);
  }
  await lab.lose({ from: 'one', to: 'three' }, { from: 'one', percent: 0 });
  assert.equal(await ask(one, two), 'here');
});

test(
  'a program that stands still goes on where it was, and one beside it ends with the host',
  SKIP,
  async (t) => {
    const [one, two] = await startPair(await openLab(t));
    await one.stopProgram();
    assert.equal(await ask(one, two), SILENT);
    await one.continueProgram();
    assert.equal(await ask(one, two), 'here');
    await two.startBeside('other', [process.execPath, '-e', STAND_IN]);
    await until(async () => (await ask(two, one)) === 'here');
    await two.powerOff();
    assert.equal(await ask(two, one), SILENT);
  },
);

test('a host whose program was killed refuses, and keeps its /run', SKIP, async (t) => {
  const [one, two] = await startPair(await openLab(t));
  await one.run('touch', ['/run/note']);
  one.killProgram();
  await until(async () => (await ask(one, two)) === REFUSED);
  await one.startProgram();
  await until(async () => (await ask(one, two)) === 'here');
  await one.run('test', ['-e', '/run/note']);
});

test('power off ends a frozen host with all it has, and its cable stays cut', SKIP, async (t) => {
  const lab = await openLab(t);
  const [one, two] = await startPair(lab);
  await one.run('touch', ['/run/note']);
  await one.cutCable();
  await one.freeze();
  await one.powerOff();
  assert.equal(one.init, undefined);
  await one.powerOn();
  await assert.rejects(one.run('test', ['-e', '/run/note']));
  assert.equal(await ask(one, two), SILENT);
  await one.mendCable();
  await until(async () => (await ask(one, two)) === 'here');
});

test('nothing is left of a lab, nor of one that was killed', SKIP, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'aureole-lab-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const killed = await Lab.open(directory);
  const [one] = await startPair(killed);
  await killed.bmc(one, { username: 'admin', password: 'secret' });
  await killed.disk('disk');
  const freezer = join(one.directory, 'freezer');
  const cgroup = existsSync(freezer) ? readFileSync(freezer, 'utf8').trim() : undefined;
  await one.freeze();

  await removeLab(directory);
  assert.equal(one.init, undefined);
  const next = await Lab.open(directory);
  const host = next.host({ name: 'one', address: '10.77.0.1', command: ['sleep', 'infinity'] });
  await host.powerOn();
  await next[Symbol.asyncDispose]();
  assert.equal(host.init, undefined);
  assert.equal(existsSync(directory), false);
  assert.ok(cgroup === undefined || !existsSync(cgroup));
  assert.equal((await runCommand('losetup', ['-l'])).includes(directory), false);
});

test('a disk that two hosts mount is noticed, in both ways', SKIP, async (t) => {
  const lab = await openLab(t);
  const hosts = await startPair(lab);
  const device = await lab.disk('disk');
  const log = new AppendLog(join(lab.directory, 'canary.log'));
  const mount = { name: 'disk', device, directory: '/run/disk', fstype: 'ext4' };
  const canary = { name: 'canary', directory: '/run/disk', log: join(lab.directory, 'canary.log') };
  for (const host of hosts) {
    await startResource(lab, host, 'heartbeat/Filesystem', mount);
    await startResource(lab, host, 'aureole/Canary', canary);
    if (host === hosts[0]) assert.deepEqual(hostsThatMount(device, hosts), ['one']);
  }
  assert.deepEqual(hostsThatMount(device, hosts), ['one', 'two']);
  const judge = new CanaryJudge();
  const noticed = new Set<string>();
  await until(() => {
    for (const line of parseCanaryLog(log.read())) {
      const news = judge.see(line);
      if (news?.type === 'twice') noticed.add(line.host);
    }
    return noticed.size === hosts.length;
  });
});

async function startResource(
  lab: Lab,
  host: LabHost,
  kind: string,
  { name, ...parameters }: Readonly<Record<string, string>>,
): Promise<void> {
  const environment = Object.entries({
    OCF_ROOT: lab.ocfRoot,
    OCF_RESOURCE_INSTANCE: name ?? '',
    OCF_RESOURCE_TYPE: kind.split('/')[1] ?? '',
    HA_RSCTMP: '/run/resource-agents',
    ...Object.fromEntries(
      Object.entries(parameters).map(([key, value]) => [`OCF_RESKEY_${key}`, value]),
    ),
  }).map(([key, value]) => `${key}=${value}`);
  await host.run('env', [...environment, join(lab.ocfRoot, 'resource.d', kind), 'start']);
}
