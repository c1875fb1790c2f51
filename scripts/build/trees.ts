// SPDX-License-Identifier: Apache-2.0
/**
 * The files of each package as they lie on a host. `packaging/PACKAGE` has those that nothing makes; what
 * is built, and what is elsewhere in the sources, is put beside them.
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Bundle } from './bundle.ts';
import { noticesOf } from './notices.ts';
import { PACKAGES, type PackageName } from './packages.ts';
import { NODE_PACKAGE, PACKAGING, ROOT } from './places.ts';

export type Tree = { readonly name: PackageName; readonly folder: string };

/** Two files are where their distribution looks for them; all else is the same everywhere. */
const PLACES = {
  deb: { settings: 'etc/default/aureole', zsh: 'usr/share/zsh/vendor-completions/_aureole' },
  rpm: { settings: 'etc/sysconfig/aureole', zsh: 'usr/share/zsh/site-functions/_aureole' },
} as const;
export type Flavour = keyof typeof PLACES;

/** What is made from the sources before it is laid out. */
export type Built = {
  readonly bundles: readonly Bundle[];
  /** Manual pages by their file names: `aureole.1`. */
  readonly pages: ReadonlyMap<string, string>;
  /** Completion scripts by their shells. */
  readonly scripts: ReadonlyMap<Shell, string>;
};
export type Shell = 'bash' | 'zsh' | 'fish';

/** What the demo starts from beside the bundle. */
const DEMO_FILES = ['src/lab/**/*.sh', 'src/lab/bmc/fence_process', 'ocf/resource.d/aureole/*'];

export function layOut(
  folder: string,
  flavour: Flavour,
  { bundles, pages, scripts }: Built,
): readonly Tree[] {
  const trees = PACKAGES.map(({ name }) => ({ name, folder: join(folder, name) }));
  for (const tree of trees) {
    cpSync(join(PACKAGING, tree.name), tree.folder, { recursive: true });
    const bundle = bundles.find(({ name }) => name === tree.name);
    if (bundle === undefined) layOutCommon(tree, flavour);
    else layOutBundle(tree, bundle);
    if (tree.name === 'aureole') addCompletion(tree, flavour, scripts);
    for (const [page, text] of pages) {
      if (ownerOf(page) === tree.name) addPage(tree, page, text);
    }
    settleModes(tree.folder);
  }
  return trees;
}

/** Whatever the umask of who has cloned or builds: everybody may read, and root alone writes. */
function settleModes(path: string): void {
  const entry = lstatSync(path);
  if (!entry.isDirectory()) return chmodSync(path, (entry.mode & 0o100) === 0 ? 0o644 : 0o755);
  chmodSync(path, 0o755);
  for (const name of readdirSync(path)) settleModes(join(path, name));
}

function addCompletion(tree: Tree, flavour: Flavour, scripts: Built['scripts']): void {
  const places: Readonly<Record<Shell, string>> = {
    bash: 'usr/share/bash-completion/completions/aureole',
    zsh: PLACES[flavour].zsh,
    fish: 'usr/share/fish/vendor_completions.d/aureole.fish',
  };
  for (const [shell, text] of scripts) write(tree, places[shell], text);
}

function layOutCommon(tree: Tree, flavour: Flavour): void {
  add(tree, 'usr/lib/aureole/bin/node', join(NODE_PACKAGE, 'bin', 'node'), 0o755);
  add(tree, `usr/share/doc/${tree.name}/copyright`, join(ROOT, 'LICENSE'));
  add(tree, `usr/share/doc/${tree.name}/LICENSE.node`, join(NODE_PACKAGE, 'LICENSE'));
  add(tree, PLACES[flavour].settings, join(PACKAGING, 'settings'));
}

function layOutBundle(tree: Tree, { name, file, packages }: Bundle): void {
  for (const path of [file, `${file}.cache`, join(dirname(file), 'koffi.node')]) {
    add(tree, `usr/lib/${name}/${basename(path)}`, path);
  }
  add(tree, `usr/share/doc/${name}/copyright`, join(ROOT, 'LICENSE'));
  write(tree, `usr/share/doc/${name}/THIRD-PARTY-NOTICES`, noticesOf(packages));
  if (name !== 'aureole') return;
  for (const path of DEMO_FILES.flatMap((pattern) => globSync(pattern, { cwd: ROOT })).toSorted()) {
    add(tree, `usr/lib/aureole/${path}`, join(ROOT, path), 0o755);
  }
}

/** The agent's own page goes with the agent. */
function ownerOf(page: string): PackageName {
  return page.startsWith('aureole-agent.') ? 'aureole-agent' : 'aureole';
}

function addPage(tree: Tree, page: string, text: string): void {
  const section = page.at(-1) ?? '';
  const path = `usr/share/man/man${section}/${page}.gz`;
  mkdirSync(dirname(join(tree.folder, path)), { recursive: true });
  writeFileSync(join(tree.folder, path), gzipSync(text, { level: 9 }));
}

function add(tree: Tree, path: string, from: string, mode = 0o644): void {
  const to = join(tree.folder, path);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
}

function write(tree: Tree, path: string, text: string): void {
  const to = join(tree.folder, path);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, text);
}

/** In bytes, as it will lie there. */
export function sizeOf(tree: Tree): number {
  return filesOf(tree).reduce((sum, path) => sum + readFileSync(join(tree.folder, path)).length, 0);
}

/** From the tree's root, without a leading slash, in order. */
export function filesOf({ folder }: Tree): readonly string[] {
  return globSync('**', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}
