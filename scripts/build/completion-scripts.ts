// SPDX-License-Identifier: Apache-2.0
/** The scripts that shells load by themselves, as the program prints them. */
import { join } from 'node:path';
import type { Bundle } from './bundle.ts';
import { NODE_PACKAGE } from './places.ts';
import { runTool } from './run-tool.ts';
import type { Built, Shell } from './trees.ts';

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

export async function completionScripts(bundles: readonly Bundle[]): Promise<Built['scripts']> {
  const program = bundles.find(({ name }) => name === 'aureole')?.file ?? '';
  const node = join(NODE_PACKAGE, 'bin', 'node');
  const entries = SHELLS.map(async (shell): Promise<[Shell, string]> => {
    return [shell, await runTool(node, [program, 'complete', shell])];
  });
  return new Map(await Promise.all(entries));
}
