// SPDX-License-Identifier: Apache-2.0
/** One .rpm from one tree, by rpmbuild. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { maintainerScripts } from './maintainer-scripts.ts';
import { architecture, type Package, type PackageRequest } from './packages.ts';
import { runTool } from './run-tool.ts';
import { filesOf } from './trees.ts';

/** What is laid out stays as it is: nothing stripped, compressed, scanned for dependencies or linked. */
const AS_IT_IS = [
  '%global debug_package %{nil}',
  '%global __os_install_post %{nil}',
  '%global _build_id_links none',
  'AutoReqProv: no',
];

export async function makeRpm(request: PackageRequest): Promise<string> {
  const { tree, about, version, epoch, uncompressed, folder } = request;
  const { rpm: arch } = architecture();
  const work = mkdtempSync(join(tmpdir(), 'aureole-rpm-'));
  try {
    const spec = join(work, `${about.name}.spec`);
    writeFileSync(spec, specFile(about, version, filesOf(tree)));
    const macros = {
      _topdir: work,
      _tree: tree.folder,
      _buildhost: 'localhost',
      _binary_payload: uncompressed ? 'w.ufdio' : 'w1.xzdio',
      use_source_date_epoch_as_buildtime: '1',
      clamp_mtime_to_source_date_epoch: '1',
    };
    const defines = Object.entries(macros).flatMap((macro) => ['--define', macro.join(' ')]);
    const args = ['-bb', '--quiet', '--target', arch, ...defines, spec];
    await runTool('rpmbuild', args, { SOURCE_DATE_EPOCH: String(epoch) });
    const name = `${about.name}-${version}-1.${arch}.rpm`;
    copyFileSync(join(work, 'RPMS', arch, name), join(folder, name));
    return join(folder, name);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function specFile(about: Package, version: string, files: readonly string[]): string {
  const { name, summary, description, dependsOnCommon, recommends } = about;
  const scripts = maintainerScripts(about);
  const needs = dependsOnCommon ? `aureole-common = ${version}-1` : 'glibc >= 2.28, libstdc++';
  return [
    ...AS_IT_IS,
    `Name: ${name}`,
    `Version: ${version}`,
    'Release: 1',
    `Summary: ${summary}`,
    'License: Apache-2.0',
    `Requires: ${needs}`,
    ...(recommends === undefined ? [] : [`Recommends: ${recommends}`]),
    '%description',
    description.join('\n\n'),
    '%install',
    'mkdir -p %{buildroot}',
    'cp -a %{_tree}/. %{buildroot}/',
    // rpm tells how many versions of the package there will be after the script.
    '%post',
    scripts.afterInstall,
    `[ "$1" -lt 2 ] || { ${scripts.afterUpgrade}; }`,
    '%preun',
    `[ "$1" -gt 0 ] || { ${scripts.beforeRemoval}; }`,
    '%postun',
    `[ "$1" -gt 0 ] || { ${scripts.afterRemoval}; }`,
    '%files',
    `%dir /usr/lib/${about.name === 'aureole-agent' ? 'aureole-agent' : 'aureole'}`,
    ...files.map((path) => `${path.startsWith('etc/') ? '%config(noreplace) ' : ''}/${path}`),
    '',
  ].join('\n');
}
