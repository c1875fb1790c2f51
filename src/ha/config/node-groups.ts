// SPDX-License-Identifier: Apache-2.0
/**
 * `node_groups`: names for nodesets, to be written as `@name` on the command line. One may be made
 * of others (`all: "@oss,mds[1-2]"`); what refers to nothing, or to itself, is a mistake here and
 * not a riddle when an order is given.
 */
import { findCycles } from './cycles.ts';
import type { Mistake } from './mistakes.ts';
import type { NodeGroups } from './schema.ts';

const REFERENCE = /@([A-Za-z0-9_.-]*)/g;

export function buildNodeGroups(
  groups: NodeGroups,
  mistakes: Mistake[],
): ReadonlyMap<string, string> {
  const known = new Map(Object.entries(groups));
  const references = new Map<string, string[]>();
  for (const [name, text] of known) {
    const named = [...text.matchAll(REFERENCE)].map(([, reference = '']) => reference);
    references.set(name, named);
    for (const reference of named.filter((one) => !known.has(one))) {
      const what = `"@${reference}" is none of node_groups: add it there, or write the hosts`;
      mistakes.push({ path: ['node_groups', name], at: 'value', text: what });
    }
  }
  for (const cycle of findCycles(references)) {
    const way = cycle.map((name) => `@${name}`).join(' > ');
    const text = `node_groups go round in a circle, ${way}: remove one of them`;
    mistakes.push({ path: ['node_groups', cycle.at(-2) ?? ''], at: 'value', text });
  }
  return known;
}
