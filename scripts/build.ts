// SPDX-License-Identifier: Apache-2.0
/**
 * What is shipped, in dist/: single files, and from them the packages for Debian, for Red Hat and SUSE,
 * and a tarball for the rest. `--uncompressed` makes large packages quickly; words choose among deb,
 * rpm and tar.
 */
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import manifest from '../package.json' with { type: 'json' };
import { bundleAll } from './build/bundle.ts';
import { addCodeCache } from './build/code-cache.ts';
import { makeDeb } from './build/deb.ts';
import { sourceDateEpoch } from './build/epoch.ts';
import { PACKAGES } from './build/packages.ts';
import { ROOT } from './build/places.ts';
import { layOut } from './build/trees.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    uncompressed: { type: 'boolean', default: false },
    output: { type: 'string', default: join(ROOT, 'dist') },
  },
});
const { output: dist, uncompressed } = values;

const lib = join(dist, 'lib');
rmSync(dist, { recursive: true, force: true });
mkdirSync(lib, { recursive: true });
const epoch = await sourceDateEpoch();
const bundles = await bundleAll(lib);
for (const bundle of bundles) await addCodeCache(bundle);
const { version } = manifest;
const trees = layOut(join(dist, 'deb'), 'deb', { bundles, pages: new Map() });
for (const tree of trees) {
  const about = PACKAGES.find(({ name }) => name === tree.name);
  if (about === undefined) continue;
  const file = await makeDeb({ tree, about, version, epoch, uncompressed, folder: dist });
  console.log(`${relative(ROOT, file)}  ${(statSync(file).size / 1e6).toFixed(1)} MB`);
}
