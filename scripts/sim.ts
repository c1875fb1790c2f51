// SPDX-License-Identifier: Apache-2.0
/** Runs storms: `npm run sim -- --seed 1 --count 100 [--trace]`. A failing seed is printed with the command that repeats it. */
import { parseArgs } from 'node:util';
import { performance } from 'node:perf_hooks';
import { Storm } from '../src/ha/sim/storm.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '200' },
    trace: { type: 'boolean', default: false },
  },
});
const first = Number(values.seed);
const count = Number(values.count);
const begun = performance.now();
let failures = 0;
for (let seed = first; seed < first + count; seed++) {
  try {
    const storm = new Storm(seed);
    if (values.trace) trace(storm);
    storm.run();
  } catch (error) {
    failures++;
    console.log(
      `seed ${seed}: ${error instanceof Error ? (error.name === 'Violation' ? error.message : error.stack) : String(error)}`,
    );
    console.log(`  repeat: npm run sim -- --seed ${seed} --count 1 --trace`);
  }
}
const seconds = (performance.now() - begun) / 1_000;
console.log(`${count} schedules, ${failures} failed, ${(count / seconds).toFixed(1)} schedules/s`);
process.exitCode = failures > 0 ? 1 : 0;

function trace(storm: Storm): void {
  console.log(JSON.stringify([...storm.faults.odds].filter(([, o]) => o > 0)));
  console.log(
    JSON.stringify(storm.world.spec, (_, v) => (v instanceof Map ? Object.fromEntries(v) : v)),
  );
  storm.world.onStep = (cause, reason, at) => {
    if (reason !== 'nothing new') console.log(`${(at / 1000).toFixed(3)} [${cause}] ${reason}`);
  };
}
