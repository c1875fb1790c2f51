// SPDX-License-Identifier: Apache-2.0
/**
 * Finds OCF scripts below `<ocf_root>/resource.d`, and nothing outside of it: the kind comes over
 * the network, and what it names is run as root.
 */
import { accessSync, constants, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { messageOf } from '../../kernel/error.ts';

export type Script = {
  readonly path: string;
  readonly provider: string;
  readonly type: string;
};

const KINDS_MAX = 4_096;

/** The script, or why there is none to run. */
export function findScript(ocfRoot: string, kind: string): Script | { readonly reason: string } {
  const parts = kind.split('/');
  const isPlain = parts.every((part) => part !== '' && !part.startsWith('.'));
  if (parts.length < 2 || !isPlain || /\p{Cc}/u.test(kind)) {
    return { reason: `The kind ${JSON.stringify(kind)} is not of the form provider/type.` };
  }
  const folder = join(ocfRoot, 'resource.d');
  const path = join(folder, kind);
  try {
    const real = realpathSync.native(path);
    if (!real.startsWith(realpathSync.native(folder) + sep)) {
      return { reason: `${path} is a link that leads out of ${folder}.` };
    }
    if (!statSync(real).isFile()) return { reason: `${path} is not a file.` };
    accessSync(real, constants.X_OK);
    return { path, provider: parts.slice(0, -1).join('/'), type: parts.at(-1) ?? '' };
  } catch (error) {
    return { reason: `There is no OCF script to run for ${kind}: ${messageOf(error)}.` };
  }
}

/** All scripts installed here, as `provider/type`. */
export function listKinds(ocfRoot: string): string[] {
  const folder = join(ocfRoot, 'resource.d');
  const kinds: string[] = [];
  for (const provider of namesIn(folder)) {
    for (const type of namesIn(join(folder, provider))) {
      const kind = `${provider}/${type}`;
      if (kinds.length < KINDS_MAX && 'path' in findScript(ocfRoot, kind)) kinds.push(kind);
    }
  }
  return kinds.toSorted();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
