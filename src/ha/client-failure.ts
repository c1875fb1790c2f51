// SPDX-License-Identifier: Apache-2.0
/** What can go wrong between a command and the manager: whether anything was done by then, and the remedy. */
import { basename, dirname } from 'node:path';
import { z } from 'zod';
import { AureoleError, messageOf, type Effect } from '../kernel/error.ts';
import { printableLine } from '../model/printable.ts';
import { parseJson } from './client-json.ts';

type ClientFailure =
  /** Nobody listens at the socket, or we may not speak to it. */
  | { readonly code: 'manager-unreachable'; readonly socket: string }
  /** It took the question and gave no answer in time, or none that can be read. */
  | { readonly code: 'manager-silent' | 'manager-garbled'; readonly socket: string }
  | { readonly code: 'manager-refused'; readonly status: number }
  | { readonly code: 'interrupted' };

/** Of a question; `effect`: of one that had no answer. */
type Asked = { readonly timeoutMs: number; readonly effect: Effect };

const Problem = z.object({ code: z.string(), message: z.string() });

const ORDER_IS_OPEN =
  'the order may have been carried out: look at aureole status and events before you repeat it';

/** No manager is there at all: what helps then depends on whose socket it is. */
const NOBODY: ReadonlyMap<unknown, string> = new Map([
  ['ENOENT', 'there is no such socket'],
  ['ECONNREFUSED', 'nobody listens there'],
]);
const START_MANAGER = 'start it with `aureole manager`, or give its socket with --socket';
const DEMO_DIRECTORY = /^aureole-demo(?:-\d+)?$/;
const START_DEMO =
  "the demo's manager does not run: it comes back in a moment, or start the demo with npm start";

const NOT_CONNECTED: ReadonlyMap<unknown, string> = new Map([
  ['EACCES', 'permission denied; run it as root, or as a member of the group ha.operators'],
  ['EPERM', 'permission denied; run it as root, or as a member of the group ha.operators'],
  ['ENOTSOCK', 'that is no socket; give the manager’s socket with --socket'],
  ['ENAMETOOLONG', 'the path is too long for a socket; give a shorter one with --socket'],
  ['EINVAL', 'that is no path of a socket; give another one with --socket'],
]);

export function failure(
  socket: string,
  cause: unknown,
  effect: Effect,
): AureoleError<ClientFailure> {
  const code = codeOf(cause);
  const reason = whyNobody(socket, code) ?? NOT_CONNECTED.get(code);
  if (reason === undefined) {
    return garbled(socket, messageOf(cause), effect, cause);
  }
  return new AureoleError<ClientFailure>(
    `cannot reach the manager at ${socket}: ${reason}`,
    { code: 'manager-unreachable', socket },
    { effect: 'none', cause },
  );
}

export function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

function whyNobody(socket: string, code: unknown): string | undefined {
  const what = NOBODY.get(code);
  if (what === undefined) return undefined;
  const isDemo = DEMO_DIRECTORY.test(basename(dirname(socket)));
  return `${what}; ${isDemo ? START_DEMO : START_MANAGER}`;
}

export function interrupted({ effect }: Asked): AureoleError<ClientFailure> {
  const text = effect === 'none' ? 'interrupted' : `interrupted: ${ORDER_IS_OPEN}`;
  return new AureoleError<ClientFailure>(text, { code: 'interrupted' }, { effect });
}

export function silent(socket: string, { timeoutMs, effect }: Asked): AureoleError<ClientFailure> {
  const known = effect === 'none' ? 'see whether its process hangs' : ORDER_IS_OPEN;
  return new AureoleError<ClientFailure>(
    `the manager at ${socket} did not answer within ${timeoutMs / 1_000} s: ${known}`,
    { code: 'manager-silent', socket },
    { effect },
  );
}

export function garbled(
  socket: string,
  what: string,
  effect: Effect,
  cause?: unknown,
): AureoleError<ClientFailure> {
  const known = effect === 'none' ? '' : `; ${ORDER_IS_OPEN}`;
  return new AureoleError<ClientFailure>(
    `no usable answer from the manager at ${socket}: ${printableLine(what)}${known}`,
    { code: 'manager-garbled', socket },
    { effect, cause },
  );
}

/** A 4xx says that nothing was done, and so does `busy`; any other 5xx to an order leaves it open. */
export function refusal(status: number, text: string, effect: Effect): AureoleError<ClientFailure> {
  const problem = Problem.safeParse(parseJson(text)).data;
  const words = problem?.message ?? printableLine(text.slice(0, 500));
  const isOpen = status >= 500 && problem?.code !== 'busy';
  return new AureoleError<ClientFailure>(
    words === '' ? `the manager answers with status ${status}` : words,
    { code: 'manager-refused', status },
    { effect: isOpen ? effect : 'none' },
  );
}
