// SPDX-License-Identifier: Apache-2.0
/**
 * The switch of a lab: a bridge in a network namespace of its own. Nothing is put into the network
 * namespace of the machine. A process that only waits holds the namespace; it dies with ours.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { AureoleError } from '../kernel/error.ts';
import { runCommand } from './command.ts';

/** The switch has an address, too: there the BMCs listen. */
export const SWITCH_ADDRESS = '10.77.255.254';
/** Fixed: a bridge takes one of its ports' addresses else, and changes it when that host goes. */
const SWITCH_HARDWARE_ADDRESS = '02:00:0a:4d:ff:fe';
const PREFIX_LENGTH = 16;
const READY_DEADLINE_MS = 5_000;

export type Switch = {
  readonly pid: number;
  /** Path of its network namespace. */
  readonly namespace: string;
};

export async function startSwitch(): Promise<Switch> {
  const holder = ['--pdeathsig', 'KILL', 'unshare', '--net', 'sleep', 'infinity'];
  const child = spawn('setpriv', holder, { stdio: 'ignore', detached: true });
  const exited = once(child, 'exit').catch(() => undefined);
  await Promise.race([once(child, 'spawn'), exited]);
  const { pid } = child;
  if (pid === undefined || !(await hasOwnNetwork(pid))) {
    child.kill('SIGKILL');
    throw new AureoleError(
      'A network namespace cannot be made here: root with CAP_SYS_ADMIN and CAP_NET_ADMIN can',
      { code: 'lab-no-namespaces' },
      { effect: 'none' },
    );
  }
  child.unref();
  const namespace = `/proc/${pid}/ns/net`;
  await configure(
    namespace,
    `link set lo up
link add br0 address ${SWITCH_HARDWARE_ADDRESS} type bridge stp_state 0 mcast_snooping 0
address add ${SWITCH_ADDRESS}/${PREFIX_LENGTH} dev br0
link set br0 up
`,
  );
  return { pid, namespace };
}

/** May we? Root in a container often may not. */
export async function canMakeNamespaces(): Promise<boolean> {
  const all = ['--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--mount-proc', 'true'];
  return await runCommand('unshare', all).then(
    () => true,
    () => false,
  );
}

/** Plugs or pulls the cable of a host: with its port down the host sees no carrier. */
export function cableCommand(to: Switch, host: string, state: 'up' | 'down'): readonly string[] {
  return ['nsenter', `--net=${to.namespace}`, 'ip', 'link', 'set', portOf(host), state];
}

/** The switch's end of a host's cable. */
export function portOf(host: string): string {
  return `p-${host}`;
}

async function configure(namespace: string, batch: string): Promise<void> {
  await runCommand('nsenter', [`--net=${namespace}`, 'ip', '-batch', '-'], { stdin: batch });
}

async function hasOwnNetwork(pid: number): Promise<boolean> {
  const ours = readlinkSync('/proc/self/ns/net');
  const deadline = performance.now() + READY_DEADLINE_MS;
  while (performance.now() < deadline) {
    const theirs = namespaceOf(pid);
    if (theirs === undefined) return false;
    if (theirs !== ours) return true;
    await delay(5);
  }
  return false;
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}
