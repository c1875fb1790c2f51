// SPDX-License-Identifier: Apache-2.0
/**
 * What a fence program is told on its standard input: one `key=value` line for each parameter, the
 * action last. A value that could be read as more than one line, or otherwise than it was written,
 * is refused: a password must not be able to say `action=on`.
 */
import type { PowerAction } from '../core/messages.ts';

/** Both name the action; agents of old know the second. */
const ACTION_NAMES: readonly string[] = ['action', 'option'];
const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

export type FenceInput =
  | { readonly type: 'lines'; readonly text: string }
  | { readonly type: 'wrong'; readonly why: string };

export function fenceInput(
  parameters: ReadonlyMap<string, string>,
  action: PowerAction,
): FenceInput {
  for (const [name, value] of parameters) {
    const why = whyWrong(name, value);
    if (why !== undefined) return { type: 'wrong', why };
  }
  const lines = [...parameters].map(([name, value]) => `${name}=${value}\n`);
  return { type: 'lines', text: `${lines.join('')}action=${action}\n` };
}

/** Never tells the value: it may be a secret. */
function whyWrong(name: string, value: string): string | undefined {
  if (!NAME.test(name)) {
    return `parameter ${JSON.stringify(name)}: a name is letters, digits, - and _`;
  }
  if (ACTION_NAMES.includes(name)) {
    return `parameter ${name}: set by Aureole; remove it from the parameters`;
  }
  if (CONTROL.test(value)) {
    return `parameter ${name}: its value holds a line break or another control character`;
  }
  if (value !== value.trim()) {
    return `parameter ${name}: its value begins or ends with a blank, which fence agents cut off`;
  }
  return undefined;
}
