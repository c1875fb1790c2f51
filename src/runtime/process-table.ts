// SPDX-License-Identifier: Apache-2.0
/**
 * Looks into /proc: which processes are there, and which of them belong to a program that was
 * started in a session of its own. A process is named by its pid and its start time, because pids
 * are used again. Zombies count as gone: they hold nothing any more.
 */
import { readdirSync, readFile, readFileSync } from 'node:fs';

/** One process, even after its pid has been given to another one. */
export type ProcessId = {
  readonly pid: number;
  /** Clock ticks from the kernel's boot to the start of the process. */
  readonly startTicks: number;
};

export type ProcessEntry = ProcessId & {
  readonly state: string;
  readonly group: number;
  readonly session: number;
};

/** A program and everything that came out of it. */
export type ProcessTree = {
  /** The program itself, leader of its session; absent if nobody wrote down its pid. */
  readonly leader?: ProcessId;
  /** `NAME=value` in the environment of all of it: finds a process that has left the session. */
  readonly mark?: string;
};

/** `certain`: it belongs to the tree. Else it could not be looked into, and may be anybody's. */
export type Member = ProcessEntry & { readonly certain: boolean };

/** A process in state D may hold the lock that reading its environment needs. */
const ENVIRONMENT_DEADLINE_MS = 1_000;

/** Undefined if there is no such process, or only its zombie. */
export function findProcess(pid: number): ProcessEntry | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The command's name stands in brackets and may hold anything, brackets and spaces included.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = 'X', , group, session] = fields;
  if (state === 'Z' || state === 'X') return undefined;
  const startTicks = Number(fields[19]);
  return { pid, startTicks, state, group: Number(group), session: Number(session) };
}

export function isAlive(id: ProcessId): boolean {
  return findProcess(id.pid)?.startTicks === id.startTicks;
}

/** All that is, or may be, alive of the tree now, in any state, D included. */
export async function findMembers(tree: ProcessTree): Promise<Member[]> {
  const sessionIsOurs = tree.leader !== undefined && !isUsedAgain(tree.leader);
  const members: Member[] = [];
  const others: ProcessEntry[] = [];
  for (const name of readdirSync('/proc')) {
    const entry = /^\d+$/.test(name) ? findProcess(Number(name)) : undefined;
    if (entry === undefined || entry.pid === process.pid) continue;
    const { leader } = tree;
    if (sessionIsOurs && (entry.session === leader?.pid || entry.group === leader?.pid)) {
      members.push({ ...entry, certain: true });
    } else if (tree.mark !== undefined && entry.startTicks >= (leader?.startTicks ?? 0)) {
      others.push(entry);
    }
  }
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ENVIRONMENT_DEADLINE_MS);
  const marked = await Promise.all(others.map((entry) => byMark(entry, tree.mark, late.promise)));
  clearTimeout(timer);
  return [...members, ...marked.flat()];
}

/** The kernel gives a pid away again only when no session and no group bears it any more. */
function isUsedAgain(leader: ProcessId): boolean {
  const present = findProcess(leader.pid);
  return present !== undefined && present.startTicks !== leader.startTicks;
}

/** Reads that hang, by pid and start: each costs a thread, so that there is never a second one. */
const readings = new Map<string, Promise<string>>();

/** None or one. */
async function byMark(
  entry: ProcessEntry,
  mark: string | undefined,
  late: Promise<undefined>,
): Promise<Member[]> {
  if (mark === undefined) return [];
  const key = `${entry.pid}/${entry.startTicks}`;
  const reading = readings.get(key) ?? readEnvironment(entry.pid);
  readings.set(key, reading);
  void reading.finally(() => readings.delete(key));
  const environment = await Promise.race([reading, late]);
  // One that cannot be looked into may be ours: unknown is not gone.
  if (environment === undefined) return isAlive(entry) ? [{ ...entry, certain: false }] : [];
  return environment.split('\0').includes(mark) ? [{ ...entry, certain: true }] : [];
}

function readEnvironment(pid: number): Promise<string> {
  return new Promise((resolve) => {
    readFile(`/proc/${pid}/environ`, 'utf8', (error, text) => resolve(error === null ? text : ''));
  });
}
