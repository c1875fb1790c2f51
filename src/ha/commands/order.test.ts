// SPDX-License-Identifier: Apache-2.0
/** Orders over several targets: which are sent, in which order, and what their answers come to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AureoleError } from '../../kernel/error.ts';
import { PLAIN, type Command, type CommandContext } from '../../runtime/command.ts';
import { haClient, type HaApi } from '../client.ts';
import type { OrderAnswer, OrderRequest, Status } from '../contract.ts';
import { cleanup } from './cleanup.ts';
import { deactivate } from './deactivate.ts';
import { explain } from './explain.ts';
import { failback } from './failback.ts';
import { fence } from './fence.ts';

const GROUPS = new Map([['oss', 'oss[1-4]']]);
const HOSTS = ['mds1', 'oss1', 'oss2', 'oss3', 'oss4'];

function statusOf(): Status {
  const hosts = HOSTS.map((name) => {
    const more = { active: true, armed: true, devices: [], reason: '' };
    return { name, status: 'online' as const, ...more };
  });
  const groups = ['tank/a', 'mgs@tcp', 'oss9'].map((name) => {
    const resources = [{ name: `${name}/ip`, kind: 'a/B', hosts: [] }];
    const more = { homeHost: 'oss1', failoverHosts: [], managed: true, reason: '', resources };
    return { name, status: 'running' as const, ...more };
  });
  const epoch = { journal: 'j', number: 1 };
  return { mode: 'manage', acting: true, epoch, hosts, groups, alarms: [] };
}

type Answer = Omit<OrderAnswer, 'id'> | AureoleError;

class World {
  readonly sent: OrderRequest[] = [];
  readonly explained: string[] = [];
  readonly asked: string[] = [];
  groupsFetched = 0;
  /** By target; done where there is none. */
  answers = new Map<string, Answer>();

  context(typed?: string): CommandContext<HaApi> {
    const api: HaApi = {
      ...haClient('/nonexistent/manager.sock'),
      status: () => Promise.resolve(statusOf()),
      nodeGroups: () => {
        this.groupsFetched++;
        return Promise.resolve(GROUPS);
      },
      order: (order) => {
        this.sent.push(order);
        const answer = this.answers.get(order.target) ?? { outcome: 'done', text: 'as you say' };
        if (answer instanceof AureoleError) return Promise.reject(answer);
        return Promise.resolve({ id: '1', ...answer });
      },
      explain: (name) => {
        this.explained.push(name);
        return Promise.resolve({ kind: 'host', events: [], outputs: [] });
      },
    };
    const { signal } = new AbortController();
    const ask = (question: string): Promise<string> => {
      this.asked.push(question);
      return Promise.resolve(typed ?? '');
    };
    const shared = { api, signal, operator: 'eve', tell: () => {}, warn: () => {} };
    return typed === undefined ? shared : { ...shared, ask };
  }

  targets(): string {
    return this.sent.map(({ target }) => target).join(' ');
  }
}

async function run<Input, Result>(
  command: Command<Input, Result, HaApi>,
  words: Readonly<Record<string, unknown>>,
  context: CommandContext<HaApi>,
): Promise<{ text: string | undefined; verdict: string; result: Result }> {
  const input = command.input.parse(words);
  const result = await command.run(input, context);
  const text = command.render(result, PLAIN, input);
  return { text, verdict: command.verdict(result, input), result };
}

test('hosts of a nodeset are ordered one by one, and groups of the configuration only fetched when named', async () => {
  const world = new World();
  await run(deactivate, { host: ['oss[2-3]', 'oss1'], reason: 'why' }, world.context());
  assert.equal(world.targets(), 'oss1 oss2 oss3');
  assert.equal(world.groupsFetched, 0);
  assert.deepEqual(world.sent[0], {
    verb: 'deactivate',
    target: 'oss1',
    force: false,
    dryRun: false,
    reason: 'why',
    operator: 'eve',
  });
  const other = new World();
  await run(deactivate, { host: ['@oss', '!', 'oss2'] }, other.context());
  assert.deepEqual([other.targets(), other.groupsFetched], ['oss1 oss3 oss4', 1]);
});

test('one host or group that nobody knows, and nothing is sent', async () => {
  const world = new World();
  const context = world.context();
  const many = { host: ['oss[4-5]'], reason: 'x', again: 'oss[4-5]' };
  const cases = [
    [() => run(deactivate, { host: ['oss[1-6]'] }, context), 'no such host: oss5, oss6'],
    [() => run(deactivate, { host: ['oss4,oss5'] }, context), 'no such host: oss5'],
    [() => run(cleanup, { group: ['tank/a', 'tank/b'] }, context), 'no such group: tank/b'],
    [() => run(failback, { 'host|group': ['oss8'] }, context), 'no such host or group: oss8'],
    [() => run(fence, many, context), 'no such host: oss5'],
  ] as const;
  for (const [attempt, message] of cases) {
    await assert.rejects(attempt, { message: `${message}; nothing was sent` });
  }
  assert.deepEqual(world.sent, []);
  await assert.rejects(() => run(deactivate, { host: ['oss1 ! oss1'] }, new World().context()), {
    message: "'oss1 ! oss1' names no host",
  });
});

test('a single host goes to the manager as it is, which knows best', async () => {
  const world = new World();
  world.answers.set('oss7', { outcome: 'failed', text: 'no such host: oss7' });
  const { text, verdict } = await run(deactivate, { host: ['oss7'] }, world.context());
  assert.deepEqual([text, verdict], ['oss7: failed: no such host: oss7', 'failed']);
});

test('all answers are shown, and the worst one counts', async () => {
  const world = new World();
  world.answers.set('oss1', { outcome: 'accepted', text: 'leaves' });
  world.answers.set('oss2', { outcome: 'refused', text: 'no' });
  const refused = await run(deactivate, { host: ['oss[1-3]'] }, world.context());
  assert.equal(refused.text, 'oss1: accepted: leaves\noss2: refused: no\noss3: done: as you say');
  assert.equal(refused.verdict, 'refused');
  assert.deepEqual(refused.result[0], { target: 'oss1', outcome: 'accepted', text: 'leaves' });
  world.answers.set('oss3', { outcome: 'failed', text: '' });
  assert.equal((await run(deactivate, { host: ['oss[1-3]'] }, world.context())).verdict, 'failed');
});

test('an answer that stays away ends the row, and what was answered before is told', async () => {
  const world = new World();
  const late = new AureoleError('no answer', { code: 'manager-silent' }, { effect: 'unknown' });
  world.answers.set('oss2', late);
  const { text, verdict } = await run(deactivate, { host: ['oss[1-3]'] }, world.context());
  assert.equal(world.targets(), 'oss1 oss2');
  assert.equal(
    text,
    'oss1: done: as you say\noss2: unknown: no answer\noss3: failed: not sent, since the order before it had no answer',
  );
  assert.equal(verdict, 'unknown');
  await assert.rejects(() => run(deactivate, { host: ['oss[2-3]'] }, world.context()), late);
});

test('a dry run is told to the manager, and its plan is shown in steps', async () => {
  const world = new World();
  const plan = [
    { action: 'stop', host: 'oss1', group: 'tank/a', resource: 'ip', reason: 'it moves' },
    { action: 'power-off', host: 'oss1', device: 'ipmi', reason: '' },
    { action: 'start', host: 'oss2', group: 'tank/a', reason: '' },
  ] as const;
  world.answers.set('oss1', { outcome: 'accepted', text: 'leaves', plan: [...plan] });
  const words = { host: ['oss1'], dryRun: true };
  const { text, result } = await run(deactivate, words, world.context());
  assert.equal(world.sent[0]?.dryRun, true);
  assert.equal(
    text,
    `oss1: dry run: would be accepted (leaves)
  1. stop ip (group tank/a) on oss1: it moves
  2. power off oss1 with ipmi
  3. start tank/a on oss2`,
  );
  assert.deepEqual(result[0]?.plan, plan);
  world.answers.set('oss1', { outcome: 'refused', text: 'no', plan: [] });
  world.answers.set('oss2', { outcome: 'done', text: 'as you say', plan: [] });
  const both = await run(deactivate, { ...words, host: ['oss[1-2]'] }, world.context());
  assert.equal(
    both.text,
    `oss1: dry run: would be refused (no)
oss2: dry run: would be done (as you say)
  nothing would move
(each of them foretold as if it were the only one)`,
  );
  await assert.rejects(() => run(deactivate, { ...words, wait: true }, world.context()), /--wait/);
});

test('a time to wait is a duration, and ten minutes without one', () => {
  const wait = (value: unknown): unknown =>
    deactivate.input.safeParse({ host: ['a'], wait: value }).data;
  assert.deepEqual(wait(true), { targets: ['a'], reason: '', dryRun: false, wait: 600_000 });
  assert.deepEqual(wait('30s'), { targets: ['a'], reason: '', dryRun: false, wait: 30_000 });
  assert.equal(wait('soon'), undefined);
  assert.equal(wait('2d'), undefined);
});

test('what has the name of a group is that group, whatever signs are in it', async () => {
  const world = new World();
  const words = { 'host|group': ['mgs@tcp', 'oss[1-2]', 'tank/a', 'oss9'] };
  await run(failback, words, world.context());
  assert.equal(world.targets(), 'mgs@tcp tank/a oss9 oss1 oss2');
  const onto = new World();
  await run(failback, { 'host|group': [], onto: 'oss[3-4]' }, onto.context());
  assert.equal(onto.targets(), 'oss3 oss4');
  for (const wrong of [{ 'host|group': [] }, { 'host|group': ['oss1'], onto: 'oss1' }]) {
    assert.equal(failback.input.safeParse(wrong).success, false);
  }
  await run(explain, { name: ['oss[1-2]', 'tank/a/ip'] }, world.context());
  assert.deepEqual(world.explained, ['tank/a/ip', 'oss1', 'oss2']);
});

test('a fence of several hosts takes their nodeset a second time', async () => {
  const words = { host: ['oss[1-2]'], reason: 'on fire' };
  const world = new World();
  await assert.rejects(() => run(fence, words, world.context()), {
    message:
      "the fence of 2 hosts asks for the same words a second time, and there is no terminal: add --again 'oss[1-2]'",
  });
  await assert.rejects(() => run(fence, { ...words, again: 'oss[1-3]' }, world.context()), {
    message: 'the words typed again are not oss[1-2]: nothing was done',
  });
  await assert.rejects(() => run(fence, words, world.context('yes')));
  assert.match(world.asked[0] ?? '', /cut the power of 2 hosts: oss\[1-2\]\.\nType oss\[1-2\] to/);
  assert.deepEqual(world.sent, []);
  await run(fence, words, world.context('oss[1-2]'));
  await run(fence, { ...words, again: 'oss[1-2]' }, world.context());
  await run(fence, { ...words, dryRun: true }, world.context());
  await run(fence, { ...words, host: ['oss3'] }, world.context());
  assert.equal(world.targets(), 'oss1 oss2 oss1 oss2 oss1 oss2 oss3');
});

test('who states that hosts are off names them, and not a group of them', async () => {
  const words = { host: ['@oss', '!', 'oss2'], reason: 'no power in the rack', confirmOff: true };
  const world = new World();
  await assert.rejects(() => run(fence, { ...words, again: '@oss ! oss2' }, world.context()), {
    message: 'the words typed again are not oss[1,3-4]: nothing was done',
  });
  assert.deepEqual(world.sent, []);
  await run(fence, { ...words, again: 'oss[1,3-4]' }, world.context());
  assert.equal(world.targets(), 'oss1 oss3 oss4');
});
