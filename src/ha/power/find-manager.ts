// SPDX-License-Identifier: Apache-2.0
/**
 * Whether a manager is there that power is to be switched through. Unknown is not absent: one that
 * hangs, or serves another socket, still believes that it alone switches, and starts groups by it.
 */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { AureoleError } from '../../kernel/error.ts';
import type { HaApi } from '../client.ts';
import type { Status } from '../contract.ts';

export type FoundManager =
  | { readonly type: 'answers'; readonly status: Status }
  /** Nobody listens at its socket, and nobody holds its journal. */
  | { readonly type: 'absent'; readonly socket: string };

/** Of a failure of the client. */
const Failure = z.object({ code: z.string(), socket: z.string().optional() });

/** Throws an AureoleError with the code `manager-unreachable` where nobody knows. */
export async function findManager(
  api: Pick<HaApi, 'status'>,
  journal: string,
  signal: AbortSignal,
): Promise<FoundManager> {
  try {
    return { type: 'answers', status: await api.status(signal) };
  } catch (error) {
    if (!(error instanceof AureoleError)) throw error;
    const { code, socket } = Failure.safeParse(error.details).data ?? {};
    if (code === 'manager-silent' || code === 'manager-garbled') throw stuck(error.message);
    if (socket === undefined || !isNobody(error.cause)) throw error;
    if (!(await isHeld(journal))) return { type: 'absent', socket };
    throw stuck(`a manager holds the journal ${journal}, and does not listen at ${socket}`);
  }
}

function isNobody(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}

function stuck(what: string): AureoleError {
  return new AureoleError(
    `${what}; nothing was switched: give its socket with --socket, or end that manager first`,
    { code: 'manager-unreachable' },
    { effect: 'none' },
  );
}

/** A manager locks its journal for as long as it runs. */
async function isHeld(journal: string): Promise<boolean> {
  if (!existsSync(journal)) return false;
  const { DatabaseSync } = await import('node:sqlite');
  try {
    using db = new DatabaseSync(journal, { readOnly: true, timeout: 0 });
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    const SQLITE_BUSY = 5;
    return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
  }
}
