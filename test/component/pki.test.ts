// SPDX-License-Identifier: Apache-2.0
/** `aureole pki` with the real openssl. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { z } from 'zod';
import { needs } from '../needs.ts';
import { TestAuthority } from './test-authority.ts';

const options = { skip: needs({ programs: ['openssl'] }) };

const Rows = z.array(
  z.object({ name: z.string(), role: z.string(), serial: z.string(), state: z.string() }),
);

/** `oss1 host valid`, sorted. */
function states(authority: TestAuthority): string[] {
  const rows = Rows.parse(JSON.parse(authority.pki('show', '--json')));
  return rows
    .map(({ name, role, state }) => `${name} ${role} ${state}`)
    .slice(1)
    .toSorted();
}

function certificate(authority: TestAuthority, role: 'host' | 'manager', name: string) {
  return new X509Certificate(readFileSync(authority.path(role, name, `${role}.crt`)));
}

test(
  'one folder holds what a host needs, for its owner only, and openssl believes it',
  options,
  () => {
    using authority = new TestAuthority();
    const said = authority.pki(
      'issue',
      'oss[1-2],10.0.0.3',
      '--also',
      'halo.example',
      '--days',
      '7',
    );
    assert.match(said, /for h in 10\.0\.0\.3 oss1 oss2; do scp -pr .*\/hosts\/\$h\/\. \$h:/);
    const folder = authority.path('host', 'oss1');
    assert.deepEqual(readdirSync(folder).toSorted(), ['ca.crt', 'crl.pem', 'host.crt', 'host.key']);
    assert.equal(statSync(join(folder, 'host.key')).mode & 0o777, 0o600);
    assert.equal(statSync(join(authority.directory, 'ca.key')).mode & 0o777, 0o600);
    assert.equal(statSync(authority.directory).mode & 0o777, 0o700);
    const verify = ['verify', '-crl_check', '-purpose', 'sslserver', '-CAfile', 'ca.crt'];
    execFileSync('openssl', [...verify, '-CRLfile', 'crl.pem', 'host.crt'], { cwd: folder });
    assert.equal(
      certificate(authority, 'host', 'oss1').subjectAltName,
      'DNS:oss1, DNS:halo.example',
    );
    assert.match(
      certificate(authority, 'host', '10.0.0.3').subjectAltName ?? '',
      /^IP Address:10\.0\.0\.3,/,
    );
  },
);

test(
  'renewed, a certificate keeps its names, and the one before stays good until both are revoked',
  options,
  () => {
    using authority = new TestAuthority();
    authority.pki('issue', 'oss1', '--manager', 'oss1', '--also', 'alias');
    const before = certificate(authority, 'host', 'oss1');
    const again = authority.tryPki('issue', 'oss1');
    assert.match(again.stderr, /oss1 has one already: aureole pki renew oss1/);
    authority.pki('renew', 'oss1');
    const after = certificate(authority, 'host', 'oss1');
    assert.notEqual(after.serialNumber, before.serialNumber);
    assert.equal(after.subjectAltName, before.subjectAltName);
    authority.pki('renew', 'oss1', '--also', 'halo');
    const more = certificate(authority, 'host', 'oss1').subjectAltName;
    assert.equal(more, `${before.subjectAltName}, DNS:halo`);
    assert.deepEqual(states(authority), [
      'oss1 host replaced',
      'oss1 host replaced',
      'oss1 host valid',
      'oss1 manager replaced',
      'oss1 manager replaced',
      'oss1 manager valid',
    ]);
    assert.equal(readdirSync(join(authority.directory, 'issued')).length, 2, 'old keys are gone');
    assert.match(authority.pki('revoke', 'oss1'), /6 certificates revoked/);
    assert.deepEqual(
      new Set(states(authority).map((row) => row.split(' ')[2])),
      new Set(['revoked']),
    );
    const list = join(authority.directory, 'crl.pem');
    const text = execFileSync('openssl', ['crl', '-in', list, '-noout', '-text']).toString();
    assert.match(text, new RegExp(before.serialNumber));
    assert.match(text, new RegExp(after.serialNumber));
    assert.equal(authority.tryPki('renew', 'oss1').status, 2);
    authority.pki('issue', 'oss1');
    assert.ok(states(authority).includes('oss1 host valid'));
  },
);

test('what is no name becomes neither a path nor an argument nor a subject', options, () => {
  using authority = new TestAuthority();
  for (const args of [['../x'], ['--manager=a/CN=b'], ['oss1', '--also=../x']]) {
    assert.equal(authority.tryPki('issue', ...args).status, 2);
  }
  assert.deepEqual(states(authority), []);
});

test('show --check fails once a certificate in use is expired', options, () => {
  using authority = new TestAuthority();
  authority.pki('issue', 'oss1');
  assert.equal(authority.tryPki('show', '--check').status, 0);
  const index = join(authority.directory, 'index.txt');
  writeFileSync(index, readFileSync(index, 'utf8').replace(/^V\t\d{12}Z/, 'V\t200101000000Z'));
  const { status, stdout } = authority.tryPki('show', '--check');
  assert.equal(status, 1);
  assert.match(stdout, /oss1 +host +2020-01-01 .* expired/);
});

test('one change at a time, and an authority is made once', options, () => {
  using authority = new TestAuthority();
  assert.match(authority.pki('issue', 'oss9', '--directory', 'ca'), /hosts/, 'from its own folder');
  const lock = new DatabaseSync(join(authority.directory, 'lock'));
  lock.exec('BEGIN EXCLUSIVE');
  const { status, stderr } = authority.tryPki('issue', 'oss1');
  assert.equal(status, 1);
  assert.match(stderr, /is being changed by another aureole pki/);
  lock.close();
  authority.pki('issue', 'oss1');
  const ca = readFileSync(join(authority.directory, 'ca.crt'));
  assert.match(authority.tryPki('init').stderr, /is an authority already/);
  assert.deepEqual(readFileSync(join(authority.directory, 'ca.crt')), ca);
});

/** Runs pki with an `openssl` that does `act` when it is asked for `what`, and else its work. */
function withOpenssl(authority: TestAuthority, what: string, act: string, args: string[]) {
  const folder = join(authority.folder, 'bin');
  mkdirSync(folder, { recursive: true });
  const script = join(folder, 'openssl');
  const path = process.env['PATH'] ?? '';
  writeFileSync(
    script,
    `#!/bin/sh\ncase "$*" in *'${what}'*) ${act} ;; esac\nPATH='${path}' exec openssl "$@"\n`,
  );
  chmodSync(script, 0o755);
  return authority.tryPkiIn({ PATH: `${folder}${delimiter}${path}` }, ...args);
}

test(
  'a crash or a failure at any step leaves nothing half done, and the next try does it',
  options,
  () => {
    using authority = new TestAuthority();
    authority.pki('issue', 'oss1');
    const before = certificate(authority, 'host', 'oss1').serialNumber;
    const acts = ['kill -9 $PPID; exit 1', 'echo "no space left" >&2; exit 1'];
    const cases = [
      ['req ', 'renew', 'oss1'],
      ['-extensions', 'renew', 'oss1'],
      ['-revoke', 'revoke', 'oss1'],
      ['-gencrl', 'revoke', 'oss1'],
    ];
    for (const act of acts) {
      for (const [what = '', ...args] of cases) {
        const { status } = withOpenssl(authority, what, act, args);
        assert.notEqual(status, 0, `${act}: ${what}`);
        assert.equal(certificate(authority, 'host', 'oss1').serialNumber, before);
        assert.deepEqual(states(authority), ['oss1 host valid']);
      }
    }
    authority.pki('renew', 'oss1');
    assert.deepEqual(states(authority), ['oss1 host replaced', 'oss1 host valid']);
    const left = readdirSync(authority.directory).filter((name) => name.startsWith('.work'));
    assert.deepEqual(left, []);
  },
);

test(
  'what stands in the register but was never delivered is issued or renewed anew',
  options,
  () => {
    using authority = new TestAuthority();
    authority.pki('issue', 'oss[1-2]', '--also', 'alias');
    for (const name of ['oss1', 'oss2']) rmSync(authority.path('host', name).replace(/\/$/, ''));
    authority.pki('issue', 'oss1');
    authority.pki('renew', 'oss2');
    assert.equal(certificate(authority, 'host', 'oss1').subjectAltName, 'DNS:oss1');
    assert.equal(certificate(authority, 'host', 'oss2').subjectAltName, 'DNS:oss2, DNS:alias');
  },
);

const ofRoot = { skip: needs({ root: true, programs: ['openssl', 'unshare', 'mount'] }) };

test('a full disk is told as such, and harms nothing', ofRoot, () => {
  using authority = new TestAuthority();
  // A file system of its own, which ends with the namespace of this shell.
  const script = `
    mkdir "$0/disk" && mount -t tmpfs -o size=96k none "$0/disk" && shift
    "$@" init --directory "$0/disk/ca" >"$0/said" 2>&1
    "$@" issue 'h[1-9]' --directory "$0/disk/ca" >>"$0/said" 2>&1
    echo "status $?" >>"$0/said"
    "$@" show --directory "$0/disk/ca" >>"$0/said" 2>&1
    ls "$0/disk/ca/hosts" >"$0/hosts"`;
  const pki = [process.execPath, join(import.meta.dirname, '../../src/cli/main.ts'), 'pki'];
  const args = ['--mount', 'sh', '-c', script, authority.folder, 'pki', ...pki];
  execFileSync('unshare', args, { timeout: 60_000 });
  const said = readFileSync(join(authority.folder, 'said'), 'utf8');
  const hosts = readFileSync(join(authority.folder, 'hosts'), 'utf8').trim().split('\n');
  assert.match(said, /no space left|full/i);
  assert.match(said, /^status 1$/m);
  assert.doesNotMatch(said, /a bug/);
  assert.ok(hosts.length > 0 && hosts.length < 9, hosts.join());
  for (const host of hosts) assert.match(said, new RegExp(`^${host} +host .* valid$`, 'm'));
});

test('without openssl it says what to install, and no authority is begun', options, () => {
  using authority = new TestAuthority();
  const elsewhere = join(authority.folder, 'new', 'ca');
  const { status, stderr } = authority.tryPkiIn(
    { PATH: '/nowhere' },
    'init',
    '--directory',
    elsewhere,
  );
  assert.equal(status, 1);
  assert.match(stderr, /install the package openssl/);
  assert.ok(!existsSync(elsewhere));
  assert.deepEqual(readdirSync(join(authority.folder, 'new')), []);
});
