// SPDX-License-Identifier: Apache-2.0
/**
 * What is shipped, in dist/: single files, and from them the packages for Debian, for Red Hat and SUSE,
 * and a tarball for the rest. Words choose among deb, rpm and tar; `--uncompressed` makes large
 * packages quickly, `--output FOLDER` puts all of it elsewhere. The same commit gives the same bytes.
 */
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import manifest from '../package.json' with { type: 'json' };
import { bundleAll } from './build/bundle.ts';
import { addCodeCache } from './build/code-cache.ts';
import { completionScripts } from './build/completion-scripts.ts';
import { makeDeb } from './build/deb.ts';
import { sourceDateEpoch } from './build/epoch.ts';
import { manualPages } from './build/manual/pages.ts';
import { PACKAGES } from './build/packages.ts';
import { ROOT } from './build/places.ts';
import { makeRpm } from './build/rpm.ts';
import { makeTarball } from './build/tarball.ts';
import { layOut, type Built, type Tree } from './build/trees.ts';

const KINDS = ['deb', 'rpm', 'tar'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    uncompressed: { type: 'boolean', default: false },
    output: { type: 'string', default: join(ROOT, 'dist') },
  },
});
const unknown = positionals.filter((kind) => !KINDS.includes(kind));
if (unknown.length > 0) {
  console.error(`No such kind of package: ${unknown.join(', ')}. There are: ${KINDS.join(', ')}.`);
  process.exit(2);
}
const wanted = new Set(positionals.length > 0 ? positionals : KINDS);
const { uncompressed } = values;
// What is made here is for everybody to read, whoever makes it.
process.umask(0o022);
const folder = resolve(values.output);
const { version } = manifest;
const epoch = await sourceDateEpoch();
const built = await buildFiles();

if (wanted.has('deb')) await makePackages(layOut(join(folder, 'deb'), 'deb', built), makeDeb);
if (wanted.has('rpm') || wanted.has('tar')) {
  const trees = layOut(join(folder, 'rpm'), 'rpm', built);
  if (wanted.has('rpm')) await makePackages(trees, makeRpm);
  if (wanted.has('tar')) say(await makeTarball({ trees, version, epoch, uncompressed, folder }));
}

async function buildFiles(): Promise<Built> {
  const lib = join(folder, 'lib');
  // Not the folder as a whole: who has named it may keep something else there.
  for (const name of ['lib', ...KINDS])
    rmSync(join(folder, name), { recursive: true, force: true });
  mkdirSync(lib, { recursive: true });
  const bundles = await bundleAll(lib);
  for (const bundle of bundles) await addCodeCache(bundle);
  const pages = await manualPages({ version, epoch });
  return { bundles, pages, scripts: await completionScripts(bundles) };
}

async function makePackages(trees: readonly Tree[], make: typeof makeDeb): Promise<void> {
  for (const tree of trees) {
    const about = PACKAGES.find(({ name }) => name === tree.name);
    if (about === undefined) continue;
    say(await make({ tree, about, version, epoch, uncompressed, folder }));
  }
}

function say(file: string): void {
  console.log(`${(statSync(file).size / 1e6).toFixed(1).padStart(6)} MB  ${relative('', file)}`);
}
