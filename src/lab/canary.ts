// SPDX-License-Identifier: Apache-2.0
/**
 * Looks from outside whether a shared disk is used by two hosts at once, in two ways that know
 * nothing of each other: the log that the canaries append to (ocf/resource.d/aureole/Canary), and
 * the mount tables of the hosts.
 */
import { readFileSync } from 'node:fs';
import type { LabHost } from './host.ts';

export type CanaryLine = {
  /** By the kernel's uptime, which all hosts of a lab share. */
  readonly atMs: number;
  readonly resource: string;
  readonly host: string;
  /** One start of the canary. */
  readonly instance: string;
  readonly what: string;
};

export type DiskNews =
  /** Another start of the canary writes now; `gapMs`: how long nobody did. */
  | {
      readonly type: 'taken';
      readonly resource: string;
      readonly host: string;
      readonly gapMs?: number;
    }
  | { readonly type: 'twice'; readonly text: string };

export function parseCanaryLog(lines: readonly string[]): readonly CanaryLine[] {
  return lines.flatMap((line) => {
    const [uptime, resource, host, instance, what] = line.split(' ');
    if (uptime === undefined || resource === undefined || host === undefined) return [];
    if (instance === undefined || what === undefined) return [];
    return [{ atMs: Math.round(Number(uptime) * 1_000), resource, host, instance, what }];
  });
}

/** Whoever has been followed by another one must never write again. */
export class CanaryJudge {
  readonly #holders = new Map<string, CanaryLine>();
  readonly #followed = new Set<string>();

  see(line: CanaryLine): DiskNews | undefined {
    if (line.what === 'stopped') return undefined;
    const { resource, host, instance, atMs } = line;
    const last = this.#holders.get(resource);
    this.#holders.set(resource, line);
    if (line.what === 'conflict') {
      return { type: 'twice', text: `${resource}: the canary on ${host} found a name not its own` };
    }
    if (last?.instance === instance) return undefined;
    if (last !== undefined) this.#followed.add(last.instance);
    if (this.#followed.has(instance)) {
      const after = last === undefined ? '' : ` after ${last.host} had begun to`;
      return { type: 'twice', text: `${resource}: ${host} writes${after}` };
    }
    return { type: 'taken', resource, host, ...(last && { gapMs: atMs - last.atMs }) };
  }
}

/** The hosts that have this device mounted at this moment. */
export function hostsThatMount(device: string, hosts: readonly LabHost[]): readonly string[] {
  return hosts.filter((host) => mountTable(host).includes(` ${device} `)).map(({ name }) => name);
}

function mountTable(host: LabHost): string {
  const { init } = host;
  if (init === undefined) return '';
  try {
    return readFileSync(`/proc/${init.pid}/mountinfo`, 'utf8');
  } catch {
    return ''; // It died between the two looks.
  }
}
