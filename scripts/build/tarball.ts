// SPDX-License-Identifier: Apache-2.0
/** All trees in one archive with the root of a file system, for hosts that take neither kind of package. */
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './run-tool.ts';
import type { Tree } from './trees.ts';

export type TarballRequest = {
  readonly trees: readonly Tree[];
  readonly version: string;
  readonly epoch: number;
  readonly uncompressed: boolean;
  readonly folder: string;
};

/** To be unpacked where the root of the host is: `tar -C / -xf FILE --no-same-owner`. */
export async function makeTarball(request: TarballRequest): Promise<string> {
  const { trees, version, epoch, uncompressed, folder } = request;
  const root = join(folder, 'tar');
  for (const tree of trees) cpSync(tree.folder, root, { recursive: true });
  const file = join(
    folder,
    `aureole-${version}-linux-${process.arch}.tar${uncompressed ? '' : '.xz'}`,
  );
  const same = ['--sort=name', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner'];
  // Not '.': the root of a host keeps its own mode and time.
  const args = [
    ...same,
    '-C',
    root,
    ...(uncompressed ? ['-cf'] : ['-cJf']),
    file,
    ...readdirSync(root).toSorted(),
  ];
  await runTool('tar', args, { XZ_OPT: '-1 -T1' });
  return file;
}
