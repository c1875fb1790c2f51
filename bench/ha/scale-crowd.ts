// SPDX-License-Identifier: Apache-2.0
/** Agents in a few processes of `scale-agents.ts`; they end with us. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { HostFiles } from './scale-authority.ts';

const CrowdMember = z.object({ host: z.string(), address: z.string() });
export type CrowdMember = z.infer<typeof CrowdMember>;

export const Crowd = z.object({
  agents: z.array(CrowdMember),
  /** The same for all: their addresses differ. */
  port: z.int(),
  files: HostFiles,
});
export type Crowd = z.infer<typeof Crowd>;

const PROGRAM = join(import.meta.dirname, 'scale-agents.ts');
const READY_MS = 120_000;

/** Returns its pid, once all of its agents answer. */
export async function startCrowd(crowd: Crowd, stack: AsyncDisposableStack): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(crowd)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Whoever looks into the manager with it has no interest in them.
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const gone = once(child, 'exit');
  stack.defer(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  const lines = createInterface(child.stdout);
  const ready = once(lines, 'line', { signal: AbortSignal.timeout(READY_MS) });
  const first = await Promise.race([ready, gone.then(() => undefined)]);
  if (first === undefined || child.pid === undefined) throw new Error('the agents did not start');
  return child.pid;
}
