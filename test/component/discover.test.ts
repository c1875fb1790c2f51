// SPDX-License-Identifier: Apache-2.0
/** `aureole discover` over real sshd, with a PATH for each host in which zpool, findmnt and ipmitool say what they are told to. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { askHost } from '../../src/ha/discover/ask-host.ts';
import { needs } from '../needs.ts';
import { DEADLINE_MS, until } from './manager-cluster.ts';

const AUREOLE = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const SSHD = '/usr/sbin/sshd';
const NEEDS = { programs: ['ssh', 'ssh-keygen', 'findmnt'], files: [SSHD] };

/** Hosts of which each has an sshd on an address of its own, and one more where nobody listens. */
class SshHosts implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'aureole-ssh-'));
  readonly #daemons: ChildProcess[] = [];
  readonly config = join(this.#folder, 'ssh_config');

  constructor() {
    for (const name of ['host_key', 'user_key']) {
      const path = join(this.#folder, name);
      const { status } = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
      assert.equal(status, 0);
    }
    copyFileSync(join(this.#folder, 'user_key.pub'), join(this.#folder, 'authorized_keys'));
    const head = `User ${userInfo().username}\nPort ${2_222}\nIdentityFile ${this.#folder}/user_key
IdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile ${this.#folder}/known_hosts\n`;
    const hosts = [1, 2, 3].map((n) => `Host oss${n}\n  Hostname ${this.#address(n)}\n`);
    writeFileSync(this.config, [...hosts, 'Host *\n', head].join(''));
  }

  #address(n: number): string {
    return `127.${1 + ((process.pid >> 8) % 254)}.${process.pid % 256}.${n}`;
  }

  /** `programs`: scripts by name. */
  async start(n: number, programs: Readonly<Record<string, string>>): Promise<void> {
    const folder = join(this.#folder, `oss${n}`);
    mkdirSync(folder);
    for (const [name, script] of Object.entries(programs)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
    const config = join(folder, 'sshd_config');
    const lines = [
      `ListenAddress ${this.#address(n)}:2222`,
      `HostKey ${this.#folder}/host_key`,
      `AuthorizedKeysFile ${this.#folder}/authorized_keys`,
      `PidFile none`,
      `StrictModes no`,
      `UsePAM no`,
      `SetEnv PATH=${folder}:/usr/bin:/bin`,
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    const daemon = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#daemons.push(daemon);
    let said = '';
    daemon.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    await until(
      () => `sshd: ${said}`,
      () => (said.includes('Server listening') ? true : undefined),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.#daemons) {
      if (daemon.exitCode !== null) continue;
      daemon.kill('SIGTERM');
      await once(daemon, 'exit', { signal: AbortSignal.timeout(DEADLINE_MS) });
    }
    rmSync(this.#folder, { recursive: true });
  }
}

async function discover(...args: readonly string[]) {
  const command = spawn(process.execPath, [AUREOLE, 'discover', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
  });
  const exit = once(command, 'exit');
  const [stdout, stderr] = await Promise.all([text(command.stdout), text(command.stderr)]);
  await exit;
  return { code: command.exitCode, stdout, stderr };
}

const SKIP = { skip: needs(NEEDS) };
const MOUNT =
  '{"source": "pool0/ost0", "target": "/mnt/ost0", "options": "ro,svname=test-OST0000"}';
const CLIENT = '{"source": "10.0.0.1@tcp:/test", "target": "/scratch", "options": "rw,flock"}';

suite('discover', SKIP, () => {
  test('a pair that sees one pool is found; a host that cannot be asked fails, and nothing else', async () => {
    await using hosts = new SshHosts();
    await hosts.start(1, {
      uname: 'echo oss1',
      zpool: 'test "$1" = list && printf "pool0\\t42\\n"',
      findmnt: `echo '{"filesystems": [${MOUNT}, ${CLIENT}]}'`,
      ipmitool: 'echo "IP Address              : 10.0.9.1"',
    });
    await hosts.start(2, {
      uname: 'echo oss2.example.org',
      zpool: 'test "$1" = list || printf "   pool: pool0\\n     id: 42\\n  state: ONLINE\\n"',
      findmnt: 'exit 1',
    });
    const { code, stdout, stderr } = await discover('oss[1-3]', '-F', hosts.config, '-v');
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^oss3: ssh ended with 255: .*refused/m);
    assert.match(stderr, /^--- oss1\n/m);
    assert.match(stdout, /^# - MISSING: host oss3/m);
    assert.match(stdout, /^# - oss1: a Lustre client, left out/m);
    assert.match(stdout, /^# - oss2: it calls itself oss2\.example\.org/m);
    assert.match(stdout, /ip: 10\.0\.9\.1,/);
    assert.match(
      stdout,
      /root: pool0\n {4}home_host: oss1\n {4}failover_hosts: \[oss2\] # it sees the disks/,
    );
  });

  test('a host that says nothing is given up at its deadline', async () => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const address = mute.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const folder = mkdtempSync(join(tmpdir(), 'aureole-ssh-'));
    try {
      const sshConfig = join(folder, 'ssh_config');
      writeFileSync(sshConfig, `Host mute\n  Hostname 127.0.0.1\n  Port ${port}\n`);
      const options = { sshConfig, deadlineMs: 500 };
      const asked = await askHost('mute', options, AbortSignal.timeout(DEADLINE_MS));
      assert.deepEqual(asked, { type: 'failed', why: 'no answer within 0.5 s' });
    } finally {
      mute.close();
      rmSync(folder, { recursive: true });
    }
  });

  test('a host that floods is not kept in memory, and what it said is told shortly', async () => {
    await using hosts = new SshHosts();
    await hosts.start(1, { findmnt: 'head -c 20000000 /dev/zero | tr "\\0" x' });
    const { code, stdout } = await discover('oss1', '-F', hosts.config);
    assert.equal(code, 0);
    assert.match(stdout, /^# - oss1: findmnt: x{300}$/m);
    assert.ok(stdout.length < 2_000);
  });
});
