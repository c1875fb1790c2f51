// SPDX-License-Identifier: Apache-2.0
/**
 * The power of hosts, as their fence devices tell it at this moment. Reading only: nothing of it goes
 * to the core, which asks for itself. A few devices are asked at once, and each answer has its time.
 */
import { mapAtOnce } from '../../runtime/map-at-once.ts';
import type { HaConfig } from '../config.ts';
import type { PowerStatus } from '../contract.ts';
import type { ClusterSpec, DeviceName, HostName } from '../core/spec.ts';
import type { HostState } from '../core/state.ts';
import type { RunFenceDevice } from '../fencing/contract.ts';

/** What of the configuration it takes to ask or switch. */
export type DevicesOfHosts = Pick<HaConfig, 'devices'> & {
  readonly spec: Pick<ClusterSpec, 'hosts'>;
};

export type PowerStatusParts = {
  readonly config: DevicesOfHosts;
  readonly state: { readonly hosts: ReadonlyMap<HostName, HostState> };
  readonly runFenceDevice: RunFenceDevice;
};

export type PowerLimits = { readonly atOnce: number; readonly deadlineMs: number };

type Reading = PowerStatus['devices'][number];
type Asked = Readonly<{ host: HostName; device: DeviceName }>;

const LIMITS: PowerLimits = { atOnce: 16, deadlineMs: 60_000 };

/** Of all hosts, if none is named; `unknown`: a host that there is not. */
export async function askPowerStatus(
  hosts: readonly HostName[],
  parts: PowerStatusParts,
  signal: AbortSignal,
  limits = LIMITS,
): Promise<PowerStatus | { unknown: HostName }> {
  const { spec } = parts.config;
  const unknown = hosts.find((host) => !spec.hosts.has(host));
  if (unknown !== undefined) return { unknown };
  const named = hosts.length === 0 ? spec.hosts.keys() : new Set(hosts);
  const questions = [...named].flatMap((host) =>
    (spec.hosts.get(host)?.levels.flat() ?? []).map((device) => ({ host, device })),
  );
  const whole = AbortSignal.any([signal, AbortSignal.timeout(limits.deadlineMs)]);
  const ask = (asked: Asked): Promise<Reading> => read(asked, parts, whole);
  return { devices: await mapAtOnce(questions, limits.atOnce, ask) };
}

async function read(
  { host, device: name }: Asked,
  { config, state, runFenceDevice }: PowerStatusParts,
  signal: AbortSignal,
): Promise<Reading> {
  const device = config.devices.get(name);
  const reading = (power: Reading['power'], text: string): Reading => {
    return { host, device: name, power, text };
  };
  if (device === undefined) return reading('unknown', 'the configuration has no such device');
  if (signal.aborted) return reading('unknown', 'not asked: other devices have taken all the time');
  if (state.hosts.get(host)?.fence !== undefined) {
    return reading('unknown', 'not asked: a fence of its host is under way');
  }
  const { outcome, text } = await runFenceDevice(device, 'status', signal);
  return reading(outcome === 'on' || outcome === 'off' ? outcome : 'unknown', text);
}
