// SPDX-License-Identifier: Apache-2.0
/**
 * The C++ peer of this folder, built for one test file and run against an agent: what the reference
 * implementation of Cap'n Proto makes of our answers.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { needs } from '../../needs.ts';

const HERE = import.meta.dirname;
const BUILD_MS = 120_000;
const CALLS_MS = 60_000;
const LIBRARIES = ['-lcapnp-rpc', '-lcapnp', '-lkj-async', '-lkj'];

export const withPeer = {
  skip: needs({ programs: ['capnp', 'g++'], files: ['/usr/include/capnp/ez-rpc.h'] }),
};

export const MONITOR = 0;
export const START = 1;
export const STOP = 2;

/** One call: a kind, an operation by its number, parameters; a value of `@N` stands for N letters. */
export type PeerCall = readonly [
  kind: string,
  operation: number | 'unknown',
  parameters?: Readonly<Record<string, string>>,
];

export class HaloPeer implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'aureole-halo-peer-'));
  readonly #program = join(this.#folder, 'halo-peer');

  constructor() {
    const run = (file: string, ...args: string[]): void =>
      void execFileSync(file, args, {
        cwd: this.#folder,
        env: { ...process.env, PWD: this.#folder },
        timeout: BUILD_MS,
      });
    run('capnp', 'compile', '-oc++:.', `--src-prefix=${HERE}`, join(HERE, 'halo.capnp'));
    const sources = [join(HERE, 'halo-peer.cpp'), 'halo.capnp.c++'];
    run('g++', '-std=c++17', '-O1', '-I.', '-o', this.#program, ...sources, ...LIBRARIES);
  }

  /** All at once upon one connection; the answers in the order of the calls. */
  async call(port: number, ...calls: PeerCall[]): Promise<string[]> {
    const peer = this.begin(port, ...calls);
    assert.ok(peer.stdout !== null && peer.stderr !== null);
    const [said, complained] = await Promise.all([
      text(peer.stdout),
      text(peer.stderr),
      peer.exitCode === null && once(peer, 'exit'),
    ]);
    assert.equal(complained, '');
    const lines = said
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    return calls.map((_, index) => {
      const answers = lines.filter(([id]) => id === String(index));
      assert.equal(answers.length, 1, said);
      return (answers[0] ?? []).slice(1).join(' ').trim();
    });
  }

  /** For whoever wants to end it before the answers come. */
  begin(port: number, ...calls: PeerCall[]): ChildProcess {
    const peer = this.#run(port);
    peer.stdin?.end(
      calls
        .map(([kind, operation, parameters = {}], index) => {
          const pairs = Object.entries(parameters).map(([key, value]) => `${key}=${value}`);
          return `${[index, kind, operation, ...pairs].join('\t')}\n`;
        })
        .join(''),
    );
    return peer;
  }

  /** Calls a second. */
  async measure(port: number, count: number, inFlight: number): Promise<number> {
    const peer = this.#run(port, String(count), String(inFlight));
    assert.ok(peer.stdout !== null);
    return Number(await text(peer.stdout));
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(port: number, ...args: string[]): ChildProcess {
    return spawn(this.#program, [`127.0.0.1:${port}`, ...args], { timeout: CALLS_MS });
  }
}
