// SPDX-License-Identifier: Apache-2.0
/**
 * The agent's memory within one boot: a directory on tmpfs. Wiped by a power cut, kept over restarts
 * of the agent; so it tells one boot from another.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../kernel/error.ts';
import { findProcess, isAlive } from '../runtime/process-table.ts';
import { AgentError } from './errors.ts';
import { isForbidden, readState, writeState } from './state-file.ts';

export type RunDirectory = {
  /** One power-on of this host. */
  readonly boot: string;
  readonly kernelBoot: string;
  readonly epochFile: string;
  readonly holdFile: string;
  /** One file for each operation. */
  readonly operations: string;
  /** What the scripts of each resource write. */
  readonly outputs: string;
};

const BootFile = z.strictObject({ boot: z.string().min(1), kernelBoot: z.string().min(1) });
const OwnerFile = z.strictObject({ pid: z.int(), startTicks: z.int() });

export function openRunDirectory(path: string): RunDirectory {
  const operations = join(path, 'operations');
  const outputs = join(path, 'outputs');
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    claim(path);
    const { boot, kernelBoot, isNew } = openBoot(join(path, 'boot.json'));
    if (isNew) rmSync(operations, { recursive: true, force: true });
    // Parameters and outputs of scripts may hold secrets.
    for (const folder of [operations, outputs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const epochFile = join(path, 'epoch.json');
    const holdFile = join(path, 'hold.json');
    return { boot, kernelBoot, epochFile, holdFile, operations, outputs };
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const remedy = isForbidden(error)
      ? 'Run the agent as root, or name another with --run-directory.'
      : 'Name another with --run-directory.';
    throw new AgentError(
      `The run directory ${path} cannot be used: ${messageOf(error)}. ${remedy}`,
      { code: 'agent-run-directory-unusable' },
      { effect: 'none', cause: error },
    );
  }
}

/** Two agents in one directory would end each other's operations as orphans. */
function claim(path: string): void {
  const file = join(path, 'agent.json');
  const owner = readState(file, OwnerFile);
  if (owner !== undefined && owner.pid !== process.pid && isAlive(owner)) {
    throw new AgentError(
      `Another agent (process ${owner.pid}) uses the run directory ${path}. Stop it, or name another one.`,
      { code: 'agent-run-directory-in-use' },
      { effect: 'none' },
    );
  }
  writeState(file, { pid: process.pid, startTicks: findProcess(process.pid)?.startTicks ?? 0 });
}

/**
 * The id is our own and not the kernel's: hosts that share a kernel (containers, namespaces) are
 * different hosts. The kernel's stands beside it for a run directory that survives a power cut.
 */
function openBoot(file: string): { boot: string; kernelBoot: string; isNew: boolean } {
  const kernelBoot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const known = readState(file, BootFile);
  if (known !== undefined && known.kernelBoot === kernelBoot) return { ...known, isNew: false };
  const fresh = { boot: randomUUID(), kernelBoot };
  writeState(file, fresh);
  return { ...fresh, isNew: true };
}
