// SPDX-License-Identifier: Apache-2.0
/**
 * What an operation lays claim to on this host: a resource by its name, and what the name stands for,
 * a script with its parameters. HALO's manager tells no names, and two managers may use different ones
 * for one thing: operations overlap if either is the same.
 */
import { createHash } from 'node:crypto';
import type { Resource } from '../contract.ts';

export type Claim = {
  readonly name: string;
  /** The same for the same script and parameters, in whatever order they come. */
  readonly identity: string;
};

/** HALO tells no names. What is shown of a resource needs one, and one that none of ours has. */
export function nameOfNameless(kind: string, parameters: Resource['parameters']): string {
  return namelessBy(kind, identityOf(kind, parameters));
}

function namelessBy(kind: string, identity: string): string {
  return `halo:${kind}:${identity}`;
}

/**
 * A script without parameters knows what it acts on by the resource's name, so only that tells it apart.
 * Where no name is told either, it may be any of them.
 */
export function claimOf({ name, kind, parameters }: Resource): Claim {
  const identity = identityOf(kind, parameters);
  const isNamed = name !== namelessBy(kind, identity);
  const isNamedOnly = isNamed && Object.keys(parameters).length === 0;
  return { name, identity: isNamedOnly ? `${identity} ${name}` : identity };
}

export function identityOf(kind: string, parameters: Resource['parameters']): string {
  const sorted = Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([kind, sorted]))
    .digest('hex')
    .slice(0, 16);
}

export function isSameClaim(a: Claim, b: Claim): boolean {
  if (a.name === b.name || a.identity === b.identity) return true;
  return covers(a, b) || covers(b, a);
}

function covers(nameless: Claim, named: Claim): boolean {
  return named.identity.startsWith(`${nameless.identity} `);
}
