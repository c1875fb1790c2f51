// SPDX-License-Identifier: Apache-2.0
/** A real `powermand` with one PDU whose plugs are lab hosts. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listens, startDaemon } from './daemon.ts';
import type { Daemon } from './daemon.ts';

export type PowermanOptions = {
  /** For its configuration and log. */
  readonly directory: string;
  /** The folder that holds the directories of the lab hosts; see power-contract.md. */
  readonly hosts: string;
  readonly names: readonly string[];
  readonly address: string;
  readonly port: number;
  readonly namespace?: string;
};

const DEVICE_TYPE = `specification "lab" {
	timeout 10.0
	script login { send "\\n" }
	script status { send "stat %s\\n" expect "([^\\n ]+) (ON|OFF)\\nOK\\n" setplugstate $1 $2 on="ON" off="OFF" }
	script on { send "on %s\\n" expect "OK\\n" }
	script off { send "off %s\\n" expect "OK\\n" }
}
`;

export async function startPowerman(options: PowermanOptions): Promise<Daemon> {
  const { directory, hosts, names, address, port, namespace } = options;
  const configuration = join(directory, 'powerman.conf');
  const deviceType = join(directory, 'lab.dev');
  await mkdir(directory, { recursive: true });
  await writeFile(deviceType, DEVICE_TYPE);
  await writeFile(
    configuration,
    `include "${deviceType}"
listen "${address}:${port}"
device "pdu" "lab" "${join(import.meta.dirname, 'powerman-pdu.sh')} ${hosts} |&"
node "${names.join(',')}" "pdu" "${names.join(',')}"
`,
  );
  return await startDaemon({
    program: '/usr/sbin/powermand',
    args: ['-f', '-c', configuration],
    directory,
    log: join(directory, 'powermand.log'),
    namespace,
    ready: (pid) => listens(pid, 'tcp', port),
  });
}
