// SPDX-License-Identifier: Apache-2.0
/**
 * Aureole beside Pacemaker: the same hosts, resources, faults and fence program, in turn, one at a
 * time. README.md of the benches says with which settings, and how it is counted.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, BenchOptions } from '../../bench.ts';
import type { Figure } from '../../figure.ts';
import { Installation } from '../installation.ts';
import { AureoleStack } from './aureole-stack.ts';
import { figuresOf } from './figures.ts';
import { PacemakerStack } from './pacemaker-stack.ts';
import { playRound, type Round } from './rounds.ts';

const ROUNDS = 5;
const ROUNDS_WITH_IDLE = 3;

export const pacemakerBench: Bench = {
  name: 'pacemaker',
  about: 'failover, orderly move and memory beside Pacemaker; 11 minutes',
  run: measure,
};

async function measure(options: BenchOptions): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-bench-pacemaker-'));
  try {
    options.say('building what is installed');
    const installed = new Installation(folder);
    const ours: Round[] = [];
    const theirs: Round[] = [];
    for (let i = 1; i <= (options.quick ? 1 : ROUNDS); i++) {
      options.say(`round ${i}`);
      {
        await using stack = await PacemakerStack.open(join(folder, `pacemaker-${i}`));
        theirs.push(await playRound(stack, i <= ROUNDS_WITH_IDLE, options));
      }
      await using stack = await AureoleStack.open(join(folder, `aureole-${i}`), installed);
      ours.push(await playRound(stack, i <= ROUNDS_WITH_IDLE, options));
    }
    return figuresOf(ours, theirs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
