// SPDX-License-Identifier: Apache-2.0
/**
 * Storms for as long as is asked: `npm run soak -- [--minutes N] [--seed N]`. Each seed is played
 * once; without --seed it begins where no run of today has been. Ends at the deadline, or after ten
 * failures.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { playStorms } from './testing/storms.ts';

const BATCH = 500;
const FAILURES_MAX = 10;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('npm run soak -- [--minutes N] [--seed N]');
  process.exit(0);
}
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  console.error(`--minutes ${values.minutes}: expected a number of minutes above 0`);
  process.exit(2);
}
const begun = performance.now();
const untilMs = begun + minutes * 60_000;
let seed = Number(values.seed ?? Math.floor(Date.now() / 1_000) % 1_000_000_000);
console.log(`Storms from seed ${seed} for ${minutes} min.`);
let schedules = 0;
let failed = 0;
while (performance.now() < untilMs && failed < FAILURES_MAX) {
  const end = playStorms({ first: seed, count: BATCH, untilMs, always: [], trace: false });
  seed += end.schedules;
  schedules += end.schedules;
  failed += end.failed;
  if (end.status !== 0) process.exitCode = end.status;
  const left = Math.max(0, untilMs - performance.now()) / 60_000;
  console.log(`${schedules} schedules, ${failed} failed, ${left.toFixed(1)} min left`);
}
const perSecond = schedules / ((performance.now() - begun) / 1_000);
console.log(`${schedules} schedules, ${failed} failed, ${perSecond.toFixed(1)} schedules/s`);
