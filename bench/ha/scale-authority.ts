// SPDX-License-Identifier: Apache-2.0
/**
 * Certificates for a thousand hosts in seconds: the authority is that of `aureole pki`, what it signs
 * has the same extensions, and all hosts share one key, which costs nothing less on the wire.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { mapAtOnce } from '../../src/runtime/map-at-once.ts';

const AUREOLE = join(import.meta.dirname, '../../src/cli/main.ts');
const run = promisify(execFile);
const DEADLINE = { timeout: 60_000 };
const AT_ONCE = 4;

export type ScaleAuthority = {
  /** Flags of the manager's command line. */
  readonly managerFlags: readonly string[];
  readonly hostFiles: HostFiles;
};

/** The certificate of a host is `DIRECTORY/HOST.crt`. */
export const HostFiles = z.object({
  directory: z.string(),
  key: z.string(),
  ca: z.string(),
  crl: z.string(),
});
export type HostFiles = z.infer<typeof HostFiles>;

export async function makeAuthority(
  folder: string,
  hosts: readonly string[],
): Promise<ScaleAuthority> {
  const directory = join(folder, 'ca');
  const pki = (verb: string, ...words: readonly string[]): Promise<unknown> =>
    run(process.execPath, [AUREOLE, 'pki', verb, '--directory', directory, ...words], DEADLINE);
  await pki('init');
  await pki('issue', '--manager', 'head');
  const at = (file: string): string => join(directory, 'managers/head', file);
  const hostFiles = await issueHosts(folder, directory, hosts);
  const pair = ['--cert', at('manager.crt'), '--key', at('manager.key')];
  return { managerFlags: [...pair, '--ca', at('ca.crt'), '--crl', at('crl.pem')], hostFiles };
}

async function issueHosts(
  folder: string,
  authority: string,
  hosts: readonly string[],
): Promise<HostFiles> {
  const key = join(folder, 'host.key');
  const request = join(folder, 'host.csr');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const made = ['-keyout', key, '-out', request, '-subj', '/OU=host/CN=host'];
  await run('openssl', ['req', '-new', ...curve, ...made], DEADLINE);
  const config = join(authority, 'openssl.cnf');
  const signer = ['-CA', join(authority, 'ca.crt'), '-CAkey', join(authority, 'ca.key')];
  const terms = ['-extfile', config, '-extensions', 'host', '-days', '365', '-sha256'];
  await mapAtOnce(hosts, AT_ONCE, async (host) => {
    const files = ['-in', request, '-out', join(folder, `${host}.crt`)];
    const env = { ...process.env, AUTHORITY: authority, WORK: folder, NAMES: `DNS:${host}` };
    const words = ['x509', '-req', ...signer, ...terms, ...files];
    await run('openssl', words, { ...DEADLINE, env });
  });
  return {
    directory: folder,
    key,
    ca: join(authority, 'ca.crt'),
    crl: join(authority, 'crl.pem'),
  };
}
