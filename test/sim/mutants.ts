// SPDX-License-Identifier: Apache-2.0
/**
 * Broken cores. Each takes the product's own sources, breaks one line, and is loaded from a copy: the
 * product carries no hook for it. A mutant whose line is gone fails its test, so the list stays true.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export type Mutant = Readonly<{
  /** The fault of the world that this core ignores. */
  ignores: string;
  file: string;
  line: string;
  broken: string;
  /** What the simulation must say of it. */
  caught: 'double' | 'needless-fence' | 'liveness';
}>;

export const MUTANTS: readonly Mutant[] = [
  {
    ignores: 'an orphan script that finishes after a failover',
    file: 'ha/core/knowledge.ts',
    line: "if (seen.alive.some((operation) => operation !== 'monitor')) {",
    broken: "if (seen.alive.includes('monitor') && seen.alive.length > 9) {",
    caught: 'double',
  },
  {
    ignores: 'a script in state D: after a time-out a monitor is believed',
    file: 'ha/core/knowledge.ts',
    line: 'const isSettled = known.doubt === undefined;',
    broken: 'const isSettled = true;',
    caught: 'double',
  },
  {
    ignores: 'a stall of the manager with beats waiting',
    file: 'ha/core/cluster-machine.ts',
    line: 'if (gapMs <= draft.spec.heartbeatTimeoutMs / 4) return;',
    broken: 'if (gapMs >= 0) return;',
    caught: 'needless-fence',
  },
  {
    ignores: 'a device that answers from a cache, or has not carried out off: told is taken for off',
    file: 'ha/core/fencing.ts',
    line: "if (!all('off')) return nextLevel(draft, name);",
    broken: "if (all('failed')) return nextLevel(draft, name);",
    caught: 'double',
  },
  {
    ignores: 'a device that lies while its host answers',
    file: 'ha/core/fencing.ts',
    line: 'if (fence.answering && quietMs < draft.spec.heartbeatTimeoutMs / 2) return;',
    broken: 'if (quietMs < 0) return;',
    caught: 'double',
  },
  {
    ignores: 'a device that never says on: it need not be proven',
    file: 'ha/core/devices.ts',
    line: "const all = trusts.every(",
    broken: "const all = trusts.length > 0 || trusts.every(",
    caught: 'double',
  },
  {
    ignores: 'a device wired to another host',
    file: 'ha/core/fencing.ts',
    line: 'if (witness.aliveAt > since && witness.boot === boot) continue;',
    broken: 'if (witness.name !== name && boot !== undefined && since > 0) continue;',
    caught: 'double',
  },
  {
    ignores: 'a device that died with its host: silence is taken for off',
    file: 'ha/core/fencing.ts',
    line: "if (!all('off')) return nextLevel(draft, name);",
    broken: "if (!all('off', 'unknown')) return nextLevel(draft, name);",
    caught: 'double',
  },
  {
    ignores: 'the second of two power supplies',
    file: 'ha/core/fencing.ts',
    line: 'if (devices.every((one) => answers.has(one))) whenAllAnswered(draft, name);',
    broken: 'if (devices.some((one) => answers.has(one))) whenAllAnswered(draft, name);',
    caught: 'double',
  },
  {
    ignores: 'another manager that has taken over',
    file: 'ha/sim/sim-host.ts',
    line: "if (known !== undefined && known.number > epoch.number) return 'superseded';",
    broken: "if (known !== undefined && known.number > epoch.number + 1e9) return 'superseded';",
    caught: 'double',
  },
  {
    ignores: 'that a probe was answered before the event that made it stale',
    file: 'ha/core/knowledge.ts',
    line: 'if (seen.askedAt <= Math.max(known.doubtedAt, speaker.doubtedAt)) return known;',
    broken: "if (seen.askedAt < 0) return known;",
    caught: 'double',
  },
  {
    ignores: 'a lost answer of a poll',
    file: 'ha/core/poll-cursor.ts',
    line: 'if (beat.incarnation !== state.incarnation) return UNACQUAINTED;',
    broken: 'if (beat.incarnation === "") return UNACQUAINTED;',
    caught: 'liveness',
  },
  {
    ignores: 'that an agent restart is no reboot: nothing runs after one',
    file: 'ha/core/contact.ts',
    line: "doubtAll(draft, name, 'its agent was restarted and has not monitored it yet');",
    broken: "draft.changeKnown(name, () => ({ status: 'stopped', since: draft.now, doubtedAt: draft.now, evidence: { source: 'monitor', askedAt: draft.now }, text: '' }));",
    caught: 'double',
  },
  {
    ignores: 'that a reboot is no agent restart: what was known is kept',
    file: 'ha/core/contact.ts',
    line: 'draft.changeKnown(name, () => afterNewBoot(now));',
    broken: 'draft.changeKnown(name, (known) => known);',
    caught: 'liveness',
  },
  {
    ignores: 'a crash between the intent to fence and the fence',
    file: 'ha/core/records.ts',
    line: '...(record?.fence === undefined ? {} : { fence: restoredFence(record.fence) }),',
    broken: '...(record?.fence === undefined ? {} : { off: { at: now, by: "operator" as const, devices: [], confirmed: true } }),',
    caught: 'double',
  },
  {
    ignores: 'a crash between the fence and its record: what was confirmed is not asked again',
    file: 'ha/core/records.ts',
    line: ": { off: { ...record.off, confirmed: record.off.by === 'operator' } }),",
    broken: ': {}),',
    caught: 'liveness',
  },
  {
    ignores: 'that unknown is not stopped: silence is taken for a stop',
    file: 'ha/core/knowledge.ts',
    line: "return { ...rest, status: 'unknown', since: now, doubtedAt: now, text };",
    broken: "return { ...rest, status: 'stopped', since: now, doubtedAt: now, evidence: { source: 'monitor', askedAt: now }, text };",
    caught: 'double',
  },
  {
    ignores: 'that the manager may be the one that is cut off',
    file: 'ha/core/fence-gates.ts',
    line: 'if (facts.othersAnswer === 0) {',
    broken: 'if (facts.othersAnswer < 0) {',
    caught: 'needless-fence',
  },
];

/** The sources with one line broken, in a directory of their own. Dispose of it when done. */
export async function plant(mutant: Mutant): Promise<{ storm: string; remove: () => Promise<void> }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'aureole-mutant-'));
  const src = new URL('../../src/', import.meta.url);
  for (const part of ['kernel', 'sim', 'ha/core', 'ha/sim']) {
    await cp(new URL(`${part}/`, src), path.join(directory, part), { recursive: true });
  }
  const file = path.join(directory, mutant.file);
  const text = await readFile(file, 'utf8');
  const found = text.split(mutant.line).length - 1;
  if (found !== 1) throw new Error(`${mutant.file} has ${found} lines "${mutant.line}"`);
  await writeFile(file, text.replace(mutant.line, mutant.broken));
  await writeFile(path.join(directory, 'package.json'), '{"type":"module"}');
  return {
    storm: pathToFileURL(path.join(directory, 'ha/sim/storm.ts')).href,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
