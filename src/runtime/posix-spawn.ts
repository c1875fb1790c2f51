// SPDX-License-Identifier: Apache-2.0
/**
 * Starts programs by libc's posix_spawn, each in a session of its own. Node's own way forks, which
 * copies the page tables of all our memory and stops us for that long; an agent does little else than to start
 * scripts, and spends half as much on it so.
 */
import { constants as fileConstants } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

export type Spawn = {
  readonly file: string;
  readonly args: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Open files. Nothing is on its standard input. */
  readonly stdout: number;
  readonly stderr: number;
};

export type SpawnEnd =
  | { readonly type: 'exited'; readonly code: number }
  | { readonly type: 'signalled'; readonly signal: string };

export type Spawned = { readonly pid: number; readonly ended: Promise<SpawnEnd> };

/** Throws if it cannot be started. What it starts does not keep our own process from ending. */
export type Spawner = (spawn: Spawn) => Spawned;

/** Room for libc's types, whose size it does not tell; it uses less. */
const OPAQUE_BYTES = 1_024;
const SIGNAL_SET_BYTES = 128;
const [SETSIGDEF, SETSIGMASK, SETSID] = [0x04, 0x08, 0x80];
const WNOHANG = 1;

let spawner: Promise<Spawner> | undefined;

/** One for all, since all ends are told by one signal. */
export function posixSpawner(): Promise<Spawner> {
  spawner ??= openSpawner();
  return spawner;
}

async function openSpawner(): Promise<Spawner> {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load('libc.so.6');
  const prepare = libc.func('int posix_spawn_file_actions_init(void *actions)');
  const addOpen = libc.func(
    'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, int mode)',
  );
  const addDup2 = libc.func('int posix_spawn_file_actions_adddup2(void *actions, int fd, int as)');
  const release = libc.func('int posix_spawn_file_actions_destroy(void *actions)');
  const start = libc.func(
    'int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **env)',
  );
  const attributes = attributesOf((declaration, ...args) => libc.func(declaration)(...args));
  const wait = libc.func('int waitpid(int pid, _Out_ int *status, int options)');
  const children = new Children((pid) => {
    const status = [0];
    const waited: unknown = wait(pid, status, WNOHANG);
    if (waited === 0) return undefined;
    return waited === pid ? endIn(status[0] ?? 0) : { type: 'signalled', signal: 'unknown signal' };
  });
  return ({ file, args, env, stdout, stderr }) => {
    const words = [file, ...args];
    const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    if ([...words, ...pairs].some((text) => text.includes('\0'))) {
      throw new Error(`${file} cannot be run: a NUL character ends what it is given`);
    }
    const actions = Buffer.alloc(OPAQUE_BYTES);
    prepare(actions);
    addOpen(actions, 0, '/dev/null', fileConstants.O_RDONLY, 0);
    addDup2(actions, stdout, 1);
    addDup2(actions, stderr, 2);
    const pid = [0];
    const error: unknown = start(
      pid,
      file,
      actions,
      attributes,
      [...words, null],
      [...pairs, null],
    );
    release(actions);
    if (typeof error !== 'number' || error !== 0) {
      throw new Error(`${file} cannot be run: ${getSystemErrorName(-Number(error))}`);
    }
    return children.add(pid[0] ?? 0);
  };
}

/** A session of its own, and signals as if nobody had ever changed what they do. */
function attributesOf(libc: (declaration: string, ...args: unknown[]) => unknown): Buffer {
  const attributes = Buffer.alloc(OPAQUE_BYTES);
  const none = Buffer.alloc(SIGNAL_SET_BYTES);
  const all = Buffer.alloc(SIGNAL_SET_BYTES, 0xff);
  libc('int posix_spawnattr_init(void *attributes)', attributes);
  libc('int posix_spawnattr_setsigmask(void *attributes, const void *set)', attributes, none);
  libc('int posix_spawnattr_setsigdefault(void *attributes, const void *set)', attributes, all);
  const flags = SETSIGDEF | SETSIGMASK | SETSID;
  libc('int posix_spawnattr_setflags(void *attributes, short flags)', attributes, flags);
  return attributes;
}

/** Those that have not been waited for. */
class Children {
  readonly #running = new Map<number, (end: SpawnEnd) => void>();
  readonly #findEnd: (pid: number) => SpawnEnd | undefined;

  constructor(findEnd: (pid: number) => SpawnEnd | undefined) {
    this.#findEnd = findEnd;
    // Node waits for its own children by their pids, so that neither takes away the other's.
    process.on('SIGCHLD', () => this.#look());
  }

  add(pid: number): Spawned {
    const { promise, resolve } = Promise.withResolvers<SpawnEnd>();
    this.#running.set(pid, resolve);
    return { pid, ended: promise };
  }

  /** At all of them: signals that come together are told once. */
  #look(): void {
    for (const [pid, resolve] of this.#running) {
      const end = this.#findEnd(pid);
      if (end === undefined) continue;
      this.#running.delete(pid);
      resolve(end);
    }
  }
}

/** As WIFEXITED, WEXITSTATUS and WTERMSIG read it. */
function endIn(status: number): SpawnEnd {
  const number = status & 0x7f;
  if (number === 0) return { type: 'exited', code: (status >> 8) & 0xff };
  const [name] = Object.entries(constants.signals).find((each) => each[1] === number) ?? [];
  return { type: 'signalled', signal: name ?? `signal ${number}` };
}
