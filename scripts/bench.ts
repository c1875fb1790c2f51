// SPDX-License-Identifier: Apache-2.0
/**
 * Figures, each beside its bar: `npm run bench -- ha [NAME...] [--quick] [--list]`. One JSON line for
 * each on standard output, what is being done on standard error. Ends with 1 if a bar does not hold.
 */
import { parseArgs } from 'node:util';
import type { Bench } from '../bench/bench.ts';
import { HA_BENCHES } from '../bench/ha/benches.ts';
import { ensurePackages } from '../src/lab/packages.ts';

const USAGE = 'npm run bench -- ha [NAME...] [--quick] [--list]';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [domain, ...names] = positionals;
if (values.help || domain !== 'ha') {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
const unknown = names.filter((name) => !HA_BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
  const known = HA_BENCHES.map(({ name }) => name).join(', ');
  console.error(`No such bench: ${unknown.join(', ')}. There are: ${known}.`);
  process.exit(2);
}
if (values.list) {
  for (const { name, about } of HA_BENCHES) console.log(`${name.padEnd(20)} ${about}`);
  process.exit(0);
}
const missing = await ensurePackages('bench');
if (missing.length > 0) process.exit(1);
for (const bench of HA_BENCHES.filter(({ name }) => names.length === 0 || names.includes(name))) {
  await measure(bench);
}

async function measure({ name, about, run }: Bench): Promise<void> {
  console.error(`${name}: ${about}`);
  try {
    const figures = await run({ quick: values.quick, say: (text) => console.error(`  ${text}`) });
    for (const figure of figures) {
      console.log(JSON.stringify(figure));
      if (!figure.holds) process.exitCode = 1;
    }
  } catch (error) {
    console.error(`${name}: not measured:`, error);
    process.exitCode = 1;
  }
}
