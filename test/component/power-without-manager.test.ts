// SPDX-License-Identifier: Apache-2.0
/** `aureole power` where no manager runs, with a fence agent that is a script. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

const AUREOLE = join(import.meta.dirname, '..', '..', 'bin', 'aureole');

type Said = { readonly code: number; readonly stdout: string; readonly stderr: string };

class Place {
  readonly #folder = mkdtempSync(join(tmpdir(), 'aureole-power-'));
  readonly #config = join(this.#folder, 'aureole.yaml');
  /** What the fence agent was told, a word a line; it remembers its power by it. */
  readonly #log = join(this.#folder, 'told');

  constructor(t: TestContext) {
    t.after(() => rmSync(this.#folder, { recursive: true, force: true }));
    const agent = join(this.#folder, 'fence_script');
    writeFileSync(agent, scriptOf(this.#log), { mode: 0o755 });
    writeFileSync(this.#log, '');
    writeFileSync(
      this.#config,
      `hosts: [{ hostname: oss1, fencing: [[{ name: plug, agent: ${agent}, parameters: {} }]] }]
resources: [{ name: disk, kind: test/Service, parameters: {} }]
resource_groups: [{ root: disk, home_host: oss1, failover_hosts: [] }]
`,
    );
  }

  get told(): readonly string[] {
    return readFileSync(this.#log, 'utf8').split('\n').slice(0, -1);
  }

  power(...words: readonly string[]): Promise<Said> {
    const places = ['--socket', join(this.#folder, 'none.sock'), '--config', this.#config];
    const env = { PATH: process.env['PATH'], AUREOLE_JOURNAL: join(this.#folder, 'none.db') };
    const options = { env, timeout: 20_000 };
    return new Promise((resolve) => {
      execFile(AUREOLE, ['power', ...words, ...places], options, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      });
    });
  }
}

function scriptOf(log: string): string {
  return `#!/bin/sh
while read -r line; do case $line in action=*) action=\${line#action=} ;; esac; done
last=$(grep -v status '${log}' | tail -n 1)
echo "$action" >> '${log}'
[ "$action$last" != statusoff ] || { echo 'Status: OFF'; exit 2; }
[ "$action" != status ] || echo 'Status: ON'
`;
}

test('the power is asked of the devices of the configuration, and that nobody manages is said', async (t) => {
  const { code, stdout, stderr } = await new Place(t).power('status');
  assert.equal(stdout, 'oss1 is on\n');
  assert.match(stderr, /no manager at .*none\.sock: directly by the fence devices/);
  assert.equal(code, 0);
});

test('off is refused without --force, since nobody knows what runs there', async (t) => {
  const place = new Place(t);
  const { code, stdout } = await place.power('off', 'oss1');
  assert.match(stdout, /^oss1: refused: no manager runs.*--force/);
  assert.equal(code, 3);
  assert.deepEqual(place.told, []);
});

test('a dry run tells the devices, and does nothing', async (t) => {
  const place = new Place(t);
  const { stdout } = await place.power('off', 'oss1', '--force', '--dry-run');
  assert.equal(stdout, 'oss1: dry run: would be done (off by oss1/plug)\n');
  assert.deepEqual(place.told, []);
});

test('with --force it is switched off, and asked whether it is; on needs no force', async (t) => {
  const place = new Place(t);
  assert.equal((await place.power('off', 'oss1', '--force')).stdout, 'oss1: done: is off\n');
  assert.deepEqual(place.told, ['off', 'status']);
  assert.equal((await place.power('status')).stdout, 'oss1 is off\n');
  assert.equal((await place.power('on', 'oss1')).stdout, 'oss1: done: is on\n');
});

test('of several hosts one that is in no configuration keeps all as they are', async (t) => {
  const place = new Place(t);
  const { code, stderr } = await place.power('off', 'oss[1-3]', '--force');
  assert.match(stderr, /has no host oss\[2-3\]; nothing was done/);
  assert.equal(code, 2);
  assert.deepEqual(place.told, []);
});
