// SPDX-License-Identifier: Apache-2.0
/**
 * A BMC that speaks real RMCP+ (`ipmi_sim`), whose chassis is a lab host. It does not tell its cipher
 * suites: without `cipher: 3` a client asks for 14 s before it tries one.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AureoleError } from '../../kernel/error.ts';
import { listens, startDaemon } from './daemon.ts';
import type { Daemon } from './daemon.ts';

export type IpmiBmcOptions = {
  /** For its configuration, state and log. */
  readonly directory: string;
  /** Directory of the lab host that it switches; see power-contract.md. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** Path of the network namespace in which it listens. */
  readonly namespace?: string;
};

const EMULATED_BOARD = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
mc_enable 0x20
`;

export async function startIpmiBmc(options: IpmiBmcOptions): Promise<Daemon> {
  const { directory, host, port, namespace } = options;
  const lan = join(directory, 'lan.conf');
  const board = join(directory, 'board.emu');
  await mkdir(directory, { recursive: true });
  await writeFile(lan, lanConfiguration(options));
  await chmod(lan, 0o600);
  await writeFile(board, EMULATED_BOARD);
  return await startDaemon({
    program: 'ipmi_sim',
    args: ['-c', lan, '-f', board, '-s', join(directory, 'state'), '-n'],
    // The chassis script is called by a shell: a relative path needs no quotes.
    directory: import.meta.dirname,
    env: { LAB_HOST: host },
    log: join(directory, 'ipmi_sim.log'),
    namespace,
    ready: (pid) => listens(pid, 'udp', port),
  });
}

function lanConfiguration(options: IpmiBmcOptions): string {
  const authentications = ['callback', 'user', 'operator', 'admin']
    .map((privilege) => `    allowed_auths_${privilege} none md2 md5 straight\n`)
    .join('');
  return `name "bmc"
set_working_mc 0x20
  startlan 1
    addr ${options.address} ${options.port}
    priv_limit admin
${authentications}    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "./ipmi-chassis.sh 0x20"
  user 2 true ${quoted('username', options.username)} ${quoted('password', options.password)} admin 10 none md2 md5 straight
`;
}

/** IPMI carries at most 16 bytes of a name and 20 of a password; ipmi_sim has no escapes worth trusting. */
function quoted(what: string, text: string): string {
  if (/^[\w.-]{1,16}$/.test(text)) return `"${text}"`;
  throw new AureoleError(
    `The ${what} of a lab BMC must be 1 to 16 letters, digits, dots, dashes or underlines`,
    { code: 'lab-bmc-credentials' },
    { effect: 'none' },
  );
}
