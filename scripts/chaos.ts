// SPDX-License-Identifier: Apache-2.0
/**
 * The shipped daemons on lab hosts, struck at random: `npm run chaos -- [--minutes N] [--seed N]
 * [--hosts N] [--json]`. A seed gives the same cluster and the same storms; what the machine makes of
 * them differs from run to run. Ends with 1 at the first violation.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePackages } from '../src/lab/packages.ts';
import { runChaos } from '../src/trial/chaos/run-chaos.ts';

const USAGE = 'npm run chaos -- [--minutes N] [--seed N] [--hosts 4..8] [--json]';
const MAIN = join(import.meta.dirname, '..', 'src', 'cli', 'main.ts');

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string' },
    hosts: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const minutes = Number(values.minutes);
if (!(minutes > 0)) refuse(`--minutes ${values.minutes}: expected a number of minutes above 0`);
const seed = Number(values.seed ?? Math.floor(Date.now() / 1_000) % 1_000_000_000);
if (!Number.isSafeInteger(seed)) refuse(`--seed ${values.seed}: expected a whole number`);
const hosts = values.hosts === undefined ? undefined : Number(values.hosts);
if (hosts !== undefined && !(hosts >= 4 && hosts <= 8 && Number.isInteger(hosts))) {
  refuse(`--hosts ${values.hosts}: expected a whole number from 4 to 8`);
}

if (process.getuid?.() !== 0) refuse('only root can make lab hosts');
if ((await ensurePackages('chaos')).length > 0) process.exit(1);
const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort()).once('SIGTERM', () => interrupt.abort());
const report = await runChaos({
  ...{ seed, minutes, ...(hosts === undefined ? {} : { hosts }) },
  directory: mkdtempSync(join(tmpdir(), 'aureole-chaos-')),
  aureole: [process.execPath, MAIN],
  tell: (line) => console.log(line),
  signal: interrupt.signal,
});
if (report.violations.length > 0) {
  const chosen = hosts === undefined ? '' : ` --hosts ${hosts}`;
  console.log(`Once more: npm run chaos -- --minutes ${minutes} --seed ${seed}${chosen}`);
  process.exitCode = 1;
}
if (interrupt.signal.aborted) {
  console.log('Interrupted.');
  process.exitCode = 1;
}
const { violations, storms, powerOffs, starts } = report;
const counts = `${storms} storms, ${starts} starts, ${powerOffs} power-offs`;
console.log(
  values.json ? JSON.stringify(report) : `${counts}, ${violations.length} violations, seed ${seed}`,
);

function refuse(text: string): never {
  console.error(`${text}\n${USAGE}`);
  process.exit(2);
}
