// SPDX-License-Identifier: Apache-2.0
/**
 * Three minutes of chaos. The seed comes from the commit, CHAOS_SEED chooses another one; longer runs,
 * which judge memory as well, are `npm run chaos`. What the checker looks for is planted beside it: a check that cannot fail is none.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Checker } from '../../src/trial/chaos/checker.ts';
import { leftoversOf } from '../../src/trial/chaos/host-processes.ts';
import { runChaos } from '../../src/trial/chaos/run-chaos.ts';
import { Stage } from '../../src/trial/chaos/stage.ts';
import type { TrialCluster } from '../../src/trial/trial-cluster.ts';
import { commitSeed } from '../commit-seed.ts';
import { openTrial, SKIP } from './faults/open-trial.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const MINUTES = 3;
const LINES_TOLD = 60;
const FOUND_WITHIN_MS = 20_000;

suite('chaos', SKIP, () => {
  test('nothing runs twice, and after each storm all runs again', async () => {
    const seed = commitSeed(process.env['CHAOS_SEED']);
    const told: string[] = [];
    const report = await runChaos({
      directory: mkdtempSync(join(tmpdir(), 'aureole-chaos-')),
      aureole: [process.execPath, MAIN],
      seed,
      minutes: MINUTES,
      tell: (line) => told.push(line),
      signal: new AbortController().signal,
    });
    const again = `npm run chaos -- --minutes ${MINUTES} --seed ${seed}`;
    assert.deepEqual(report.violations, [], [again, ...told.slice(-LINES_TOLD)].join('\n'));
    assert.ok(report.storms > 1, `${report.storms} storms`);
  });

  test('what must not happen is found when it does', async () => {
    await using watched = await openTrial({ hosts: ['h1', 'h2'], heartbeatTimeout: '5s' });
    const { trial } = watched;
    const found: string[] = [];
    await using _checker = new Checker(new Stage(trial), (violation) => found.push(violation));
    await startByHand(trial, 'g1', 'h2');
    await until(
      () => found,
      [/^twice: g1: start on h2 .* may run on h1$/, /^twice: g1 runs on h1 and on/],
    );
    appendFileSync(join(trial.host('h2').directory, 'program.log'), 'Unhandled rejection\n');
    await until(() => found, [/^log: h2 wrote: /]);
    await trial.host('h1').startBeside('left', ['sleep', '600']);
    await until(() => leftoversOf(trial.host('h1'), /sleep 600/, 100), [/of h1 \(sleep 600\)$/]);
    trial.host('h1').killProgram();
    await until(() => found, [/^ended: the program of h1, by itself$/]);
  });
});

/** As an administrator would who knows of no manager. */
async function startByHand(trial: TrialCluster, thing: string, host: string): Promise<void> {
  const { directory, ocfRoot } = trial.cluster.lab;
  const log = join(directory, 'world.log');
  const script = join(ocfRoot, 'resource.d', 'lab', 'Recorded');
  const parameters = [`OCF_RESKEY_thing=${thing}`, `OCF_RESKEY_log=${log}`];
  await trial.host(host).run('env', [...parameters, script, 'start']);
}

async function until(look: () => readonly string[], wanted: readonly RegExp[]): Promise<void> {
  const deadline = performance.now() + FOUND_WITHIN_MS;
  for (;;) {
    const found = look();
    const missing = wanted.filter((pattern) => !found.some((text) => pattern.test(text)));
    if (missing.length === 0) return;
    assert.ok(performance.now() < deadline, `${missing.join()} is not in ${found.join('\n')}`);
    await sleep(100);
  }
}
