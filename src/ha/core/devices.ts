// SPDX-License-Identifier: Apache-2.0
/** What fence devices say of a host's power, and how far each of them is believed. */
import type { Draft } from './draft.ts';
import type { PowerAction, PowerOutcome } from './messages.ts';
import { doubted } from './knowledge.ts';
import type { DeviceName, HostName } from './spec.ts';
import type { DeviceState, HostState } from './state.ts';

/** Fence programs for checks that may run at once: a start of the manager must not stall it. */
export const CHECKS_MAX = 4;

/** Levels whose devices are all believed; `operator`: whoever orders by hand may use unproven ones. */
export function usableLevels(draft: Draft, host: HostState, by: 'manager' | 'operator'): number[] {
  const usable: number[] = [];
  for (const [level, devices] of draft.hostSpec(host.name).levels.entries()) {
    const trusts = devices.map((name) => host.devices.get(name)?.trust ?? 'unproven');
    const all = trusts.every(
      (trust) => trust === 'proven' || (by === 'operator' && trust === 'unproven'),
    );
    if (devices.length > 0 && all) usable.push(level);
  }
  return usable;
}

/** Ask the devices whose check is due: proves those of a healthy host, watches over one that is off. */
export function checkDevices(draft: Draft, name: HostName): void {
  const host = draft.host(name);
  if (host.fence !== undefined) return;
  if (host.contact.status !== 'online' && host.off === undefined) return;
  for (const [device, { checkAt }] of host.devices) {
    if (checkAt > draft.now) continue;
    if (draft.state.checks >= CHECKS_MAX) return;
    askPower(draft, name, device, 'status', 'its devices are checked');
  }
}

/** One question or order to one device; none while a check of it is on its way. */
export function askPower(
  draft: Draft,
  name: HostName,
  device: DeviceName,
  action: PowerAction,
  reason: string,
  fenceSince?: number,
): void {
  const { now, spec } = draft;
  const host = draft.host(name);
  const state = host.devices.get(device);
  if (state === undefined) return;
  if (fenceSince === undefined && isAsked(draft, name, device)) return;
  changeDevice(draft, name, device, { ...state, checkAt: now + spec.fencing.checkMs });
  const request = draft.ask({
    type: 'power',
    host: name,
    device,
    action,
    askedAt: now,
    giveUpAt: now + 3 * spec.fencing.timeoutMs,
    ...(fenceSince === undefined ? {} : { fenceSince }),
  });
  draft.order({ type: 'power', host: name, request, device, action, reason });
}

/** A device has answered a check. */
export function afterCheck(
  draft: Draft,
  name: HostName,
  device: DeviceName,
  outcome: PowerOutcome,
  text: string,
): void {
  const state = draft.host(name).devices.get(device);
  if (state === undefined) return;
  if (outcome !== 'on' && outcome !== 'off') {
    const checkAt = draft.now + draft.spec.fencing.retryMs;
    const trouble = text;
    changeDevice(draft, name, device, {
      ...state,
      power: 'unknown',
      trouble,
      saidAt: draft.now,
      checkAt,
    });
    if (state.power === 'unknown' && state.saidAt > 0) return;
    const words = `fence device ${device} does not tell the power state: ${text}`;
    draft.fact({ name: 'ha.device.silent', severity: 'warning', host: name, text: words });
    return;
  }
  const proves = outcome === 'on' && draft.host(name).contact.status === 'online';
  const trust = proves && state.trust === 'unproven' ? 'proven' : state.trust;
  const saidAt = draft.now;
  changeDevice(draft, name, device, {
    ...state,
    trust,
    power: outcome,
    trouble: undefined,
    saidAt,
  });
  if (trust !== state.trust) {
    const words = `fence device ${device} is proven: it said on while the host answered`;
    draft.fact({ name: 'ha.device.proven', severity: 'info', host: name, text: words });
  }
  if (outcome === 'on') offIsOver(draft, name, `fence device ${device} says on`);
  else recallOff(draft, name);
}

/** A beat that was asked after every device of a level said off: they are not this host's devices. */
export function judgeDevices(draft: Draft, name: HostName, beatAskedAt: number): void {
  const saysOff = (device: DeviceName): boolean => {
    const state = draft.host(name).devices.get(device);
    return state?.power === 'off' && state.saidAt > 0 && state.saidAt < beatAskedAt;
  };
  for (const devices of draft.hostSpec(name).levels)
    if (devices.length > 0 && devices.every(saysOff)) distrust(draft, name, devices);
}

export function distrust(draft: Draft, name: HostName, devices: readonly DeviceName[]): void {
  for (const device of devices) {
    const state = draft.host(name).devices.get(device);
    if (state === undefined || state.trust === 'wrong') continue;
    changeDevice(draft, name, device, { ...state, trust: 'wrong' });
    const text = `fence device ${device} says off while the host answers: it is not believed until \`aureole reset ${name}\``;
    draft.fact({ name: 'ha.device.wrong', severity: 'alarm', host: name, text });
    draft.because('a device said off for a host that answers');
  }
}

/** Every device of some believed level says off, and has since `since`. */
export function powerIsOff(draft: Draft, name: HostName, since: number): boolean {
  const host = draft.host(name);
  return usableLevels(draft, host, 'manager').some((level) =>
    (draft.hostSpec(name).levels[level] ?? []).every((device) => {
      const state = host.devices.get(device);
      return state?.power === 'off' && state.saidAt > since;
    }),
  );
}

export function changeDevice(
  draft: Draft,
  name: HostName,
  device: DeviceName,
  next: DeviceState,
): void {
  const host = draft.host(name);
  draft.setHost({ ...host, devices: new Map(host.devices).set(device, next) });
  draft.touchedHosts.add(name);
}

/** The host is not off any more, or never was. */
export function offIsOver(draft: Draft, name: HostName, why: string): void {
  const host = draft.host(name);
  if (host.off === undefined) return;
  draft.setHost({ ...host, off: undefined, doubtedAt: draft.now });
  draft.changeKnown(name, (known) => doubted(known, draft.now, `the host is not off: ${why}`));
  const severity = host.switched === 'on' ? 'info' : 'warning';
  draft.fact({ name: 'ha.host.not-off', severity, host: name, text: why });
  draft.because('a host is not off any more');
  draft.touchedHosts.add(name);
}

/** After a restart of the manager, a fence in the journal counts once every device says off again. */
function recallOff(draft: Draft, name: HostName): void {
  const host = draft.host(name);
  const { off } = host;
  if (off === undefined || off.confirmed) return;
  if (!off.devices.every((device) => host.devices.get(device)?.power === 'off')) return;
  draft.setHost({ ...host, off: { ...off, confirmed: true } });
  draft.hostIsOff(name, 'fence');
  draft.because('the fence devices still say off');
}

function isAsked(draft: Draft, host: HostName, device: DeviceName): boolean {
  for (const pending of draft.pendingOn(host).values()) {
    if (pending.type === 'power' && pending.device === device) return true;
  }
  return false;
}
