// SPDX-License-Identifier: Apache-2.0
/** A seed from the commit: each commit meets other cases, and each run of one commit the same. */
import { execFileSync } from 'node:child_process';

/** `chosen`: what somebody has asked for in its place. */
export function commitSeed(chosen: string | undefined): number {
  if (chosen !== undefined) return Number(chosen);
  const root = import.meta.dirname;
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return Number.parseInt(commit.slice(0, 7), 16);
}
