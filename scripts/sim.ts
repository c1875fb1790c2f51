// SPDX-License-Identifier: Apache-2.0
/**
 * Storms over simulated clusters: `npm run sim -- [--seed N] [--count N] [--always FAULT,...] [--trace]`.
 * A seed that fails is told with the command that repeats it.
 */
import { parseArgs } from 'node:util';
import { FAULTS, type FaultName } from '../src/ha/sim/faults.ts';
import { playStorms } from './testing/storms.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '200' },
    always: { type: 'string', default: '' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('npm run sim -- [--seed N] [--count N] [--always FAULT,...] [--trace]');
  console.log(`Faults: ${Object.keys(FAULTS).join(', ')}.`);
  process.exit(0);
}

const isFault = (name: string): name is FaultName => Object.hasOwn(FAULTS, name);
const always = values.always.split(',').filter((name) => name !== '');
const strange = always.find((name) => !isFault(name));
if (strange !== undefined) {
  console.error(`No such fault: ${strange}. There are: ${Object.keys(FAULTS).join(', ')}.`);
  process.exit(2);
}
const { schedules, perSecond, failed, status } = playStorms({
  first: Number(values.seed),
  count: Number(values.count),
  untilMs: Infinity,
  always: always.filter(isFault),
  trace: values.trace,
});
console.log(`${schedules} schedules, ${failed} failed, ${perSecond.toFixed(1)} schedules/s`);
process.exitCode = status;
