// SPDX-License-Identifier: Apache-2.0
/** One .deb from one tree, by dpkg-deb. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { maintainerScripts } from './maintainer-scripts.ts';
import { architecture, type Package, type PackageRequest } from './packages.ts';
import { runTool } from './run-tool.ts';
import { filesOf, sizeOf } from './trees.ts';

export async function makeDeb(request: PackageRequest): Promise<string> {
  const { tree, about, version, folder, epoch, uncompressed } = request;
  const { deb: arch } = architecture();
  const control = join(tree.folder, 'DEBIAN');
  const files = filesOf(tree);
  const size = sizeOf(tree);
  mkdirSync(control);
  writeFileSync(join(control, 'control'), controlFile(about, { version, arch, size }));
  const settings = files.filter((path) => path.startsWith('etc/'));
  writeFileSync(join(control, 'conffiles'), settings.map((path) => `/${path}\n`).join(''));
  for (const [name, text] of Object.entries(scriptsOf(about))) {
    writeFileSync(join(control, name), `#!/bin/sh\nset -e\n${text}\n`);
    chmodSync(join(control, name), 0o755);
  }
  const file = join(folder, `${about.name}_${version}_${arch}.deb`);
  const compression = uncompressed ? ['-Znone'] : ['-Zxz', '-z1'];
  const args = ['--root-owner-group', ...compression, '--build', tree.folder, file];
  await runTool('dpkg-deb', args, { SOURCE_DATE_EPOCH: String(epoch) });
  return file;
}

function controlFile(
  { name, summary, description, dependsOnCommon, recommends }: Package,
  { version, arch, size }: { version: string; arch: string; size: number },
): string {
  return [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${arch}`,
    'Maintainer: The Aureole maintainers <maintainers@aureole.invalid>',
    `Installed-Size: ${Math.ceil(size / 1024)}`,
    `Depends: ${dependsOnCommon ? `aureole-common (= ${version})` : 'libc6 (>= 2.28), libstdc++6'}`,
    ...(recommends === undefined ? [] : [`Recommends: ${recommends}`]),
    'Section: admin',
    'Priority: optional',
    `Description: ${summary}`,
    description.map((text) => ` ${text}`).join('\n .\n'),
    '',
  ].join('\n');
}

/** dpkg names the version that was there before as the second word. */
function scriptsOf(about: Package): Readonly<Record<string, string>> {
  const { afterInstall, afterUpgrade, beforeRemoval, afterRemoval } = maintainerScripts(about);
  return {
    postinst: `[ "$1" = configure ] || exit 0\n${afterInstall}\n[ -z "$2" ] || { ${afterUpgrade}; }`,
    prerm: `[ "$1" = remove ] || exit 0\n${beforeRemoval}`,
    postrm: `[ "$1" = remove ] || exit 0\n${afterRemoval}`,
  };
}
