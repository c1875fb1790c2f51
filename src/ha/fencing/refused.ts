// SPDX-License-Identifier: Apache-2.0
/**
 * Which fence agents must not be believed. Aureole takes `off` for "this host has no power": an agent
 * that cuts storage or network, asks the host itself, or cannot be asked for the power is refused.
 * Judged by what the agent says of itself (`-o metadata`), and by name where that does not tell.
 */
import { basename } from 'node:path';
import { runProgram } from '../../runtime/process.ts';
import { findFenceProgram, missingProgram, searchPath } from './programs.ts';
import { lastWords } from './words.ts';

export type AgentCheck =
  | { readonly type: 'ok' }
  | { readonly type: 'refused'; readonly reason: string }
  /** It did not answer in time: a busy machine, for instance. It may be as good as any. */
  | { readonly type: 'unknown'; readonly reason: string };

const METADATA_TIMEOUT_MS = 10_000;
const METADATA_BYTES_MAX = 1_048_576;

/** Their metadata look like those of a power switch. */
const REFUSED_BY_NAME: ReadonlyMap<string, string> = new Map([
  ['fence_sbd', 'it asks the host to reset itself through shared storage, and cuts no power'],
  ['fence_crosslink', 'it guesses from a network link whether the host has power'],
  ['fence_evacuate', 'it moves virtual machines away, and cuts no power'],
  ['fence_dummy', 'it switches nothing'],
]);

export async function checkFenceAgent(
  agent: string,
  timeoutMs = METADATA_TIMEOUT_MS,
): Promise<AgentCheck> {
  const name = basename(agent);
  if (!name.startsWith('fence_')) {
    return refused(
      agent,
      'the name of a fence agent begins with fence_, for instance fence_ipmilan',
    );
  }
  const known = REFUSED_BY_NAME.get(name);
  if (known !== undefined) return refused(agent, known);
  const file = findFenceProgram(agent);
  if (file === undefined) return { type: 'refused', reason: missingProgram(agent) };
  const { end, stdout, stderr } = await runProgram({
    file,
    args: ['-o', 'metadata'],
    env: { PATH: searchPath(), LC_ALL: 'C', PYTHONWARNINGS: 'ignore' },
    stdin: '',
    timeoutMs,
    killGraceMs: 0,
    outputBytesMax: METADATA_BYTES_MAX,
  });
  if (end.type === 'timed-out') {
    const reason = `${agent}: '${agent} -o metadata' did not answer within ${timeoutMs} ms, so that nobody knows what it can do`;
    return { type: 'unknown', reason };
  }
  if (end.type !== 'exited' || end.code !== 0 || !stdout.includes('<actions>')) {
    const said = end.type === 'not-run' ? end.text : lastWords(stderr, []) || end.type;
    return refused(agent, `'${agent} -o metadata' does not tell what it can do: ${said}`);
  }
  const reason = judgeMetadata(stdout);
  return reason === undefined ? { type: 'ok' } : refused(agent, reason);
}

/** Why an agent with these metadata is refused, or undefined. */
export function judgeMetadata(xml: string): string | undefined {
  const actions = new Map(
    [...xml.matchAll(/<action\s([^>]*)>/g)].map(([, attributes = '']) => [
      attributeOf(attributes, 'name'),
      attributes,
    ]),
  );
  const on = actions.get('on') ?? '';
  if (isTrue(on, 'on_target') || isTrue(on, 'automatic')) {
    return 'a host that it fenced is let in again by itself (automatic unfencing): it cuts storage or network, and no power';
  }
  if (!actions.has('off')) return 'it has no action off';
  if (!actions.has('status')) return 'it has no action status, so that its off cannot be confirmed';
  return undefined;
}

function attributeOf(attributes: string, name: string): string | undefined {
  return new RegExp(`(?:^|\\s)${name}\\s*=\\s*["']([^"']*)["']`).exec(attributes)?.[1];
}

function isTrue(attributes: string, name: string): boolean {
  const value = attributeOf(attributes, name)?.toLowerCase() ?? '';
  return ['1', 'true', 'yes', 'on'].includes(value);
}

function refused(agent: string, why: string): AgentCheck {
  return { type: 'refused', reason: `${agent}: ${why}` };
}
