// SPDX-License-Identifier: Apache-2.0
/**
 * `node_groups`: names for nodesets, to be written as `@name` on the command line. One may be made
 * of others (`all: "@oss,mds[1-2]"`); what is no nodeset, or refers to itself, is a mistake here and
 * not a riddle when an order is given.
 */
import { NodeSetError, parseNodeSet, type NodeGroups } from '../../model/node-set.ts';
import { findCycles } from './cycles.ts';
import type { Mistake } from './mistakes.ts';

const REFERENCE = /@([A-Za-z0-9_.-]+)/g;

export function buildNodeGroups(
  section: Readonly<Record<string, string>>,
  mistakes: Mistake[],
): NodeGroups {
  const groups = new Map(Object.entries(section));
  // What is wrong in one is told there, and not again wherever it is referred to.
  const empty = new Map([...groups.keys()].map((name) => [name, '']));
  const wrong = [...groups].flatMap(([name, text]) => mistakeOf(name, text, empty));
  const references = [...groups].map(([name, text]) => {
    return [name, [...text.matchAll(REFERENCE)].map(([, other = '']) => other)] as const;
  });
  for (const cycle of findCycles(new Map(references))) {
    const way = cycle.map((name) => `@${name}`).join(' > ');
    const text = `node_groups go round in a circle, ${way}: remove one of them`;
    wrong.push({ path: ['node_groups', cycle.at(-2) ?? ''], at: 'value', text });
  }
  if (wrong.length === 0) {
    wrong.push(...[...groups].flatMap(([name, text]) => mistakeOf(name, text, groups)));
  }
  mistakes.push(...wrong);
  return groups;
}

function mistakeOf(name: string, text: string, groups: NodeGroups): Mistake[] {
  try {
    parseNodeSet(text, groups);
    return [];
  } catch (error) {
    if (!(error instanceof NodeSetError)) throw error;
    const told = `${error.message}: write a nodeset, like "oss[1-4],@mds"`;
    return [{ path: ['node_groups', name], at: 'value', text: told }];
  }
}
