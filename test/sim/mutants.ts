// SPDX-License-Identifier: Apache-2.0
/**
 * Broken cores. Each takes the product's own sources, breaks one line, and is loaded from a copy: the
 * product carries no hook for it. A mutant whose line is gone fails its test, so the list stays true.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as storm from '../../src/ha/sim/storm.ts';
import type { FaultName } from '../../src/ha/sim/faults.ts';

export type Mutant = Readonly<{
  /** The fault of the world that this core ignores. */
  ignores: string;
  /** A line of the sources, and what takes its place. Where two rules guard the same, both are broken. */
  edits: readonly Readonly<{ file: string; line: string; broken: string }>[];
  /** Faults that the schedules must have to show it. */
  always: readonly FaultName[];
  /** The first schedule that is tried, where it takes a rare one. */
  from?: number;
  /** What the simulation must say of it. */
  caught: 'double' | 'needless-fence' | 'false-alarm' | 'liveness';
}>;

const KNOWLEDGE = 'ha/core/knowledge.ts';
const FENCING = 'ha/core/fencing.ts';
const RECORDS = 'ha/core/records.ts';

/** An order leaves no doubt behind, and one that got out of sight none either. */
const NO_DOUBTS = [
  { file: KNOWLEDGE, line: "    doubt: known.doubt ?? 'unfinished',", broken: '' },
  {
    file: KNOWLEDGE,
    line: "return inDoubt(known, 'unfinished', now, `start: ${outcome.text}`);",
    broken: 'return unknownSince(now, outcome.text);',
  },
] as const;

export const MUTANTS: readonly Mutant[] = [
  {
    ignores: 'an orphan script that finishes after a failover',
    edits: [
      ...NO_DOUBTS,
      {
        file: KNOWLEDGE,
        line: "if (seen.alive.some((operation) => operation !== 'monitor')) {",
        broken: 'if (seen.alive.length > 9) {',
      },
    ],
    always: ['agentKill', 'scriptUnkillable'],
    caught: 'double',
  },
  {
    ignores: 'a script in state D: after its time-out a monitor is believed',
    edits: [
      ...NO_DOUBTS,
      {
        file: KNOWLEDGE,
        line: "if (seen.alive.some((operation) => operation !== 'monitor')) {",
        broken: 'if (seen.alive.length > 9) {',
      },
      {
        file: KNOWLEDGE,
        line: "...inDoubt(known, 'unfinished', now, `start timed out ${outcome.text}`),",
        broken: '...unknownSince(now, outcome.text),',
      },
    ],
    always: ['scriptUnkillable'],
    caught: 'double',
  },
  {
    ignores: 'a stall of the manager longer than the time-out, with beats waiting',
    edits: [
      {
        file: 'ha/core/cluster-machine.ts',
        line: 'if (gapMs <= draft.spec.heartbeatTimeoutMs / 4) return;',
        broken: 'if (gapMs >= 0) return;',
      },
    ],
    always: ['managerStall'],
    caught: 'false-alarm',
  },
  {
    ignores:
      'a device that acknowledges off and has not carried it out, or tells the state from a cache',
    edits: [
      {
        file: FENCING,
        line: "if (!all('off')) return nextLevel(draft, name);",
        broken: "if (all('failed')) return nextLevel(draft, name);",
      },
    ],
    always: ['deviceFault', 'freeze', 'cut'],
    caught: 'double',
  },
  {
    ignores: 'a device that lies while its host answers',
    edits: [
      {
        file: FENCING,
        line: 'if (fence.answering && quietMs < draft.spec.heartbeatTimeoutMs / 2) return;',
        broken: 'if (quietMs < 0) return;',
      },
    ],
    always: ['deviceFault', 'scriptHangs', 'orders', 'delay'],
    caught: 'double',
  },
  {
    ignores: 'that a device which never said on proves nothing',
    edits: [
      {
        file: 'ha/core/devices.ts',
        line: 'const all = trusts.every(',
        broken: 'const all = trusts.length > 0 || trusts.every(',
      },
      {
        file: FENCING,
        line: "const unproven = level.find((device) => devices.get(device)?.trust !== 'proven');",
        broken: 'const unproven = level.find((device) => devices.get(device) === undefined);',
      },
    ],
    always: ['deviceFault', 'freeze', 'cut'],
    caught: 'double',
  },
  {
    ignores: 'a device wired to another host',
    edits: [
      {
        file: FENCING,
        line: 'if (!lives(witness, boot, fence)) return other;',
        broken: 'if (!lives(witness, boot, fence) && boot === other) return other;',
      },
    ],
    always: ['miswired', 'freeze'],
    caught: 'double',
  },
  {
    ignores: 'a device that died with its host: no answer is taken for off',
    edits: [
      {
        file: FENCING,
        line: "if (!all('off')) return nextLevel(draft, name);",
        broken: "if (!all('off', 'unknown')) return nextLevel(draft, name);",
      },
    ],
    always: ['deviceSilent', 'deviceFault', 'freeze', 'cut'],
    caught: 'double',
  },
  {
    ignores: 'the second of two power supplies: one device is enough',
    edits: [
      {
        file: FENCING,
        line: 'answers.every((answer) => wanted.includes(answer));',
        broken: 'answers.some((answer) => wanted.includes(answer));',
      },
    ],
    always: ['deviceFault', 'freeze', 'cut', 'deviceFails'],
    caught: 'double',
  },
  {
    ignores: 'a second manager: agents obey whoever speaks',
    edits: [
      {
        file: 'ha/sim/sim-host.ts',
        line: "if (known !== undefined && known.number > epoch.number) return 'superseded';",
        broken: '',
      },
      {
        file: 'ha/sim/sim-host.ts',
        line: "if (known !== undefined && known.journal !== epoch.journal) return 'other-journal';",
        broken: '',
      },
    ],
    always: ['secondManager', 'orders', 'resourceDies', 'cut'],
    caught: 'double',
  },
  {
    ignores: 'that a probe was answered before the event that made it stale',
    edits: [
      ...NO_DOUBTS,
      {
        file: KNOWLEDGE,
        line: 'if (known.operating === true) return { ...known, operating: false, doubtedAt: now };',
        broken: '',
      },
    ],
    always: ['agentKill', 'scriptUnkillable', 'scriptSlow'],
    from: 5_750,
    caught: 'double',
  },
  {
    ignores: 'a lost answer of a poll: what was told once is not told again',
    edits: [
      {
        file: 'ha/sim/sim-host.ts',
        line: 'const resources = [...agent.watched].map(',
        broken:
          'const told = (agent.told ??= new Map()); const news = [...agent.watched].filter(([r, w]) => told.get(r) !== w.exit); for (const [r, w] of news) told.set(r, w.exit); const resources = news.map(',
      },
      { file: 'ha/core/cluster-machine.ts', line: '  expireKnowledge(draft);', broken: '' },
    ],
    always: ['resourceDies', 'cutOneWay'],
    caught: 'liveness',
  },
  {
    ignores: 'that an agent restart is no reboot: nothing runs after one',
    edits: [
      {
        file: 'ha/core/contact.ts',
        line: "doubtAll(draft, name, isNew ? NOT_ASKED : 'its agent was restarted and has not monitored it yet');",
        broken:
          "draft.changeKnown(name, () => ({ status: 'stopped', since: draft.now, doubtedAt: draft.now, evidence: { source: 'monitor', askedAt: draft.now }, text: '' }));",
      },
    ],
    always: ['agentKill'],
    caught: 'double',
  },
  {
    ignores: 'that a reboot is no agent restart: what does not run after it is taken for broken',
    edits: [
      {
        file: 'ha/core/contact.ts',
        line: 'draft.changeKnown(name, () => afterNewBoot(now));',
        broken: '',
      },
    ],
    always: ['reboot', 'powerCut'],
    caught: 'false-alarm',
  },
  {
    ignores: 'a crash between the intent to fence and the fence: the intent is taken for the deed',
    edits: [
      {
        file: RECORDS,
        line: 'off: record?.off && restoredOff(record.off, now),',
        broken:
          "off: record?.fence ? { at: now, by: 'operator', devices: [], confirmed: true } : record?.off && restoredOff(record.off, now),",
      },
      {
        file: RECORDS,
        line: 'fence: record?.fence && restoredFence(record.fence),',
        broken: 'fence: undefined,',
      },
    ],
    always: ['crashInStep', 'managerCrash', 'freeze', 'cut'],
    caught: 'double',
  },
  {
    ignores: 'a crash between the fence and its record: what was done is not written down',
    edits: [
      { file: RECORDS, line: '    ...(fencedAt === undefined ? {} : { fencedAt }),', broken: '' },
      { file: RECORDS, line: '    ...(off === undefined ? {} : { off }),', broken: '' },
    ],
    always: ['managerCrash', 'freeze', 'cut'],
    caught: 'needless-fence',
  },
  {
    ignores: 'that unknown is not stopped: silence is taken for a stop',
    edits: [
      {
        file: KNOWLEDGE,
        line: "    status: 'unknown',\n    since: now,\n    evidence: undefined,\n    doubtedAt: now,\n    text,\n",
        broken:
          "status: 'stopped', since: now, evidence: { source: 'monitor', askedAt: now }, doubtedAt: now, text,",
      },
    ],
    always: ['cut'],
    caught: 'double',
  },
  {
    ignores: 'what a host carries when it is to be switched off',
    edits: [
      {
        file: 'ha/core/power.ts',
        line: 'const obstacle = force ? undefined : whyKeepOn(draft, name);',
        broken: 'const obstacle = whyKeepOn(draft, name) && undefined;',
      },
    ],
    always: ['orders'],
    caught: 'needless-fence',
  },
  {
    ignores: 'that a host is off only when its devices say so: an acknowledged power-off is enough',
    edits: [
      {
        file: FENCING,
        line: "if (!all('done', 'off', 'unknown')) return nextLevel(draft, name);",
        broken:
          "if (fence.cause === 'power-off' && all('done')) return confirmOff(draft, name, 'fence', ''); if (!all('done', 'off', 'unknown')) return nextLevel(draft, name);",
      },
    ],
    always: ['orders', 'deviceFault'],
    caught: 'double',
  },
];

type Edits = Pick<Mutant, 'edits' | 'always'>;

export type Planted = Readonly<{
  /** One storm with the core as it was edited. */
  storm: (seed: number) => storm.Storm;
  remove: () => Promise<void>;
}>;

/** The sources, edited, in a directory of their own. Remove it when done. */
export async function plant({ edits, always }: Edits): Promise<Planted> {
  const directory = await mkdtemp(path.join(tmpdir(), 'aureole-mutant-'));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const src = new URL('../../src/', import.meta.url);
  for (const part of ['kernel', 'sim', 'ha/core', 'ha/sim']) {
    await cp(new URL(`${part}/`, src), path.join(directory, part), { recursive: true });
  }
  for (const { file: name, line, broken } of edits) {
    const file = path.join(directory, name);
    const text = await readFile(file, 'utf8');
    const found = text.split(line).length - 1;
    if (found !== 1) throw new Error(`${name} has ${found} times "${line}"`);
    await writeFile(
      file,
      text.replace(line, () => broken),
    );
  }
  await writeFile(path.join(directory, 'package.json'), '{"type":"module"}');
  const url = pathToFileURL(path.join(directory, 'ha/sim/storm.ts')).href;
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- a copy of the module that the type is of
  const { Storm }: typeof storm = await import(url);
  return { storm: (seed) => new Storm(seed, always), remove };
}
