// SPDX-License-Identifier: Apache-2.0
/**
 * Who may give orders, and whose name stands in the journal. The kernel says who asks; root and the
 * manager's own user may, and so may the members of one group, if one is configured.
 */
import { AureoleError } from '../../kernel/error.ts';
import { printableLine } from '../../model/printable.ts';
import { groupIdOf, loginOf } from '../../runtime/accounts.ts';
import { loginUidOf, type Peer } from '../../runtime/peer-credentials.ts';

/** Who gave an order: his name, and the uid that gave him the right. */
export type Operator = { readonly operator: string; readonly uid: number };

export type OperatorGroup = { readonly name: string; readonly id: number };

const ROOT = 0;
const NAME_LENGTH_MAX = 64;

export function mayOrder({ uid, groups }: Peer, group: OperatorGroup | undefined): boolean {
  if (uid === ROOT || uid === process.getuid?.()) return true;
  return group !== undefined && groups.has(group.id);
}

/** In words, for whoever may not. */
export function whoMayOrder(group: OperatorGroup | undefined): string {
  const own = process.getuid?.() ?? ROOT;
  const users = own === ROOT ? 'root' : `root and uid ${own}`;
  return group === undefined ? users : `${users}, and members of the group "${group.name}"`;
}

/**
 * Behind root there may be somebody who logged in under his own name, which the kernel remembers.
 * Where it does not, root's own claim is believed: root could write what it likes anyway.
 */
export async function operatorOf({ pid, uid }: Peer, claim: string): Promise<Operator> {
  if (uid !== ROOT) return { operator: await loginOf(uid), uid };
  const loginUid = loginUidOf(pid);
  if (loginUid !== undefined) return { operator: await loginOf(loginUid), uid };
  const claimed = printableLine(claim).slice(0, NAME_LENGTH_MAX);
  return { operator: claimed === '' ? await loginOf(ROOT) : claimed, uid };
}

/** Throws if the system has no such group: nobody is to find out in an emergency that he may not. */
export async function findOperatorGroup(name: string, configPath: string): Promise<OperatorGroup> {
  const id = await groupIdOf(name);
  if (typeof id === 'number') return { name, id };
  const why =
    id === 'none'
      ? `there is no group "${name}" on this machine: create it with groupadd, or correct the name`
      : `the group "${name}" could not be looked up (getent did not answer): see why, or remove the key`;
  throw new AureoleError(
    `${configPath}: ha.operators: ${why}`,
    { code: 'config-invalid' },
    { effect: 'none' },
  );
}
