// SPDX-License-Identifier: Apache-2.0
/**
 * The packages as they are shipped: what is in them, what dpkg makes of them, and a failover by
 * nothing else than their files. They are installed over a copy of this machine that is gone
 * afterwards, and laid over the /usr of lab hosts.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };
import { nodeFlagsOf } from '../../scripts/build/code-cache.ts';
import { NamespaceCluster } from '../../src/demo/namespace-cluster.ts';
import { haClient } from '../../src/ha/client.ts';
import { needs } from '../needs.ts';
import { LAB_NEEDS } from './needs-of-the-lab.ts';

const BUILD = join(import.meta.dirname, '..', '..', 'scripts', 'build.ts');
const INSTALL = join(import.meta.dirname, 'install-in-a-copy.sh');
const NAMES = ['aureole-common', 'aureole', 'aureole-agent'];
const { version } = manifest;
const SKIP = {
  skip: needs({
    ...LAB_NEEDS,
    programs: [
      ...(LAB_NEEDS.programs ?? []),
      'python3',
      'rpmbuild',
      'rpm2cpio',
      'cpio',
      'systemd-analyze',
    ],
  }),
};

/** Node has no Unix datagram sockets, so python plays systemd. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.settimeout(20)
s.bind(sys.argv[1])
print('bound', flush=True)
print(s.recv(100).decode(), flush=True)
`;

async function run(program: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1767225600' };
  const options = { env, timeout: 60_000, maxBuffer: 16 << 20, cwd: tmpdir() };
  return (await promisify(execFile)(program, args, options)).stdout;
}

suite('packages', SKIP, () => {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-packages-'));
  const unpacked = join(folder, 'unpacked');
  const debs = (): readonly string[] =>
    NAMES.map((name) => {
      const found = readdirSync(folder).find((file) => file.startsWith(`${name}_`));
      assert.ok(found, name);
      return join(folder, found);
    });

  before(async () => {
    await run(process.execPath, BUILD, '--uncompressed', '--output', folder);
    for (const deb of debs()) await run('dpkg-deb', '-x', deb, unpacked);
  });
  after(() => {
    rmSync(folder, { recursive: true });
    assert.doesNotMatch(readFileSync('/proc/self/mounts', 'utf8'), / \/usr overlay /);
  });

  test('the same sources give the same bytes, wherever they are built and by whom', async () => {
    const other = mkdtempSync(join(tmpdir(), 'aureole-packages-again-'));
    try {
      const words = [process.execPath, BUILD, '--uncompressed', '--output', other];
      await run('sh', '-c', 'umask 077; exec "$@"', 'sh', ...words);
      assert.deepEqual(hashesIn(other), hashesIn(folder));
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  test('the .rpm has the same files as the .deb, but for two that lie elsewhere', async () => {
    for (const deb of debs()) {
      const name = /\/([^/_]+)_/.exec(deb)?.[1] ?? '';
      const rpm = readdirSync(folder).find((file) =>
        new RegExp(`^${name}-${RegExp.escape(version)}-1\\..*\\.rpm$`).test(file),
      );
      assert.ok(rpm, name);
      const inRpm = join(folder, `${name}.rpm.d`);
      const inDeb = join(folder, `${name}.deb.d`);
      mkdirSync(inRpm);
      const unpack = 'rpm2cpio "$1" | cpio --quiet -idm -D "$2"';
      await run('sh', '-c', unpack, 'sh', join(folder, rpm), inRpm);
      await run('dpkg-deb', '-x', deb, inDeb);
      const moved = hashesIn(inRpm).map((line) =>
        line
          .replace('etc/sysconfig/', 'etc/default/')
          .replace('zsh/site-functions/', 'zsh/vendor-completions/'),
      );
      assert.deepEqual(moved, hashesIn(inDeb), name);
      const marked = await run('rpm', '-qcp', join(folder, rpm));
      assert.equal(marked.trim(), name === 'aureole-common' ? '/etc/sysconfig/aureole' : '');
    }
  });

  test('the code cache is taken by the Node beside it', async () => {
    const node = join(unpacked, 'usr/lib/aureole/bin/node');
    const start = join(unpacked, 'usr/lib/aureole/start.cjs');
    for (const name of ['aureole', 'aureole-agent'] as const) {
      const file = join(unpacked, 'usr/lib', name, `${name}.cjs`);
      const look = `process.argv = [process.execPath, ${JSON.stringify(start)}, ${JSON.stringify(file)}, '--version'];
        console.log(require(${JSON.stringify(start)}).script.cachedDataRejected);`;
      assert.match(
        await run(node, ...nodeFlagsOf(name), '-e', look),
        /^(?:false\n[\d.]+|[\d.]+\nfalse)\n$/,
      );
    }
  });

  test('nothing is left to import(), which code out of a cache may not call', () => {
    for (const bundle of ['aureole/aureole.cjs', 'aureole-agent/aureole-agent.cjs']) {
      const code = readFileSync(join(unpacked, 'usr/lib', bundle), 'utf8').split('\n');
      const calls = code.filter((line) => /\bimport\(/.test(line) && !/^\s*(?:\/\/|\*)/.test(line));
      assert.deepEqual(calls, [], bundle);
    }
  });

  test('the single file of the agent can tell systemd, and serve HALO', async () => {
    const notify = join(folder, 'notify');
    const receiver = spawn('python3', ['-c', RECEIVER, notify], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: receiver.stdout })[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, 'bound');
    const file = (path: string): string => join(unpacked, 'usr/lib', path);
    const words = ['--listen', '127.0.0.2:0', '--halo-compat', '127.0.0.2:0'];
    const place = ['--run-directory', join(folder, 'run')];
    const agent = spawn(
      file('aureole/bin/node'),
      [file('aureole/start.cjs'), file('aureole-agent/aureole-agent.cjs'), ...words, ...place],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { NOTIFY_SOCKET: notify } },
    );
    try {
      assert.equal((await lines.next()).value, 'READY=1');
      for await (const line of createInterface({ input: agent.stdout })) {
        if (line.includes('"haloPort":')) return;
      }
      assert.fail('HALO is not served');
    } finally {
      agent.kill('SIGKILL');
      receiver.kill();
      await Promise.all([once(agent, 'exit'), receiver.exitCode ?? once(receiver, 'exit')]);
    }
  });

  test('systemd finds no fault with the units', async () => {
    const copy = join(folder, 'units');
    mkdirSync(copy);
    for (const unit of ['aureole.service', 'aureole-agent.service']) {
      const text = readFileSync(join(unpacked, 'usr/lib/systemd/system', unit), 'utf8');
      // It looks whether the programs are there, and here they are elsewhere.
      writeFileSync(join(copy, unit), text.replace(/^ExecStart=/m, `ExecStart=${unpacked}`));
      await run(
        'systemd-analyze',
        'verify',
        '--man=no',
        '--recursive-errors=one',
        join(copy, unit),
      );
    }
  });

  test('dpkg installs, upgrades and removes them, and leaves settings and state', async () => {
    const said = await run('unshare', '--mount', '--pid', '--fork', 'sh', INSTALL, ...debs());
    assert.equal(
      said,
      [
        `installed: ${version}`,
        'unreachable: 5',
        'settings kept: changed by somebody',
        'removed: no program',
        'left: /etc/default/aureole /var/lib/aureole/journal.db',
        '',
      ].join('\n'),
    );
  });

  test('hosts that have only the packages fail over', async () => {
    const installed = join(folder, 'installed.sh');
    writeFileSync(installed, runInstalled(join(unpacked, 'usr')), { mode: 0o755 });
    const directory = mkdtempSync(join(tmpdir(), 'aureole-system-'));
    await using cluster = await NamespaceCluster.open({ directory, aureole: [installed] });
    const api = haClient(join(directory, 'manager.sock'));
    const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
      const deadline = performance.now() + 25_000;
      while (!(await holds().catch(() => false))) {
        assert.ok(performance.now() < deadline, what);
        await sleep(100);
      }
    };
    const groups = async () => (await api.status(AbortSignal.timeout(5_000))).groups;
    const devices = async () =>
      (await api.status(AbortSignal.timeout(5_000))).hosts.flatMap((host) => host.devices);
    await until('all groups run', async () =>
      (await groups()).every(({ status }) => status === 'running'),
    );
    await until('all devices are proven', async () =>
      (await devices()).every(({ trust }) => trust === 'proven'),
    );
    // A process may be gone before its link is read.
    const programs = 'readlink /proc/[0-9]*/exe; true';
    const running = await cluster.host('oss1').run('sh', ['-c', programs]);
    assert.match(running, /^\/usr\/lib\/aureole\/bin\/node$/m);
    await cluster.act('cut', 'oss1');
    await until('mgs runs on oss2', async () =>
      (await groups()).some(
        ({ name, host, status }) => name === 'mgs' && host === 'oss2' && status === 'running',
      ),
    );
  });
});

/** The packages over the /usr of a lab host; what is run beside the hosts gets a /usr of its own. */
function runInstalled(usr: string): string {
  return `#!/bin/sh
set -eu
if [ "$(readlink /proc/self/ns/mnt)" = '${readlinkSync('/proc/self/ns/mnt')}' ]; then
  exec unshare --mount --propagation private "$0" "$@"
fi
mount -t overlay -o lowerdir=${usr}:/usr overlay /usr
# What a machine of HALO's is set to is none of the demo's.
export HALO_PORT=8999
case $1 in
  agent) shift; exec /usr/sbin/aureole-agent "$@" ;;
  *) exec /usr/bin/aureole "$@" ;;
esac
`;
}

/** One line for each file, in order. */
function hashesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(join(folder, 'unpacked')))
    .map((file) => {
      const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
      return `${file.slice(folder.length + 1)} ${hash}`;
    })
    .toSorted();
}
