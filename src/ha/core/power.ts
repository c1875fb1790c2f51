// SPDX-License-Identifier: Apache-2.0
/**
 * Switching a host on and off because an operator wants it so, and nothing is wrong with it.
 *
 * Off is carried out and proven as a fence is: what it proves is the same. On proves nothing: whether
 * a host is off is still for its devices and its new boot to say. Both work in observe mode too, since
 * they are the operator's own act, and the manager adds what a power controller does not: it looks
 * first whether something runs there. In his hands, the host is not fenced for being silent until it
 * answers again, and raises no alarm while it is off.
 */
import { askPower, changeDevice, usableLevels } from './devices.ts';
import type { Draft } from './draft.ts';
import { beginFence } from './fencing.ts';
import type { Answer, Order, PowerOutcome } from './messages.ts';
import { comingTo, groupsMaybeOn, runsOn } from './placement.ts';
import type { DeviceName, HostName } from './spec.ts';

export function powerOff(draft: Draft, { target: name, force, reason, operator }: Order): Answer {
  const host = draft.host(name);
  if (host.fence !== undefined) return refused(fenceWords(host.fence.cause));
  if (host.off?.confirmed === true && host.switched !== 'on') {
    return { outcome: 'done', text: `${name} is off already; nothing to do` };
  }
  if (usableLevels(draft, host, 'operator').length === 0) return refused(NO_DEVICE);
  const obstacle = force ? undefined : whyKeepOn(draft, name);
  if (obstacle !== undefined) return refused(`${obstacle}; --force cuts its power all the same`);
  const why = reason === '' ? 'switched off by order' : `switched off by order: ${reason}`;
  beginFence(draft, name, 'power-off', why, { operator, force: false });
  return { outcome: 'accepted', text: `${name} is being switched off` };
}

export function powerOn(draft: Draft, { target: name }: Order): Answer {
  const host = draft.host(name);
  if (host.fence !== undefined) return refused(fenceWords(host.fence.cause));
  const [level] = usableLevels(draft, host, 'operator');
  if (level === undefined) return refused(NO_DEVICE);
  draft.setHost({ ...host, switched: 'on' });
  // An answer to an earlier question would be about the time before.
  draft.forget(name, (one) => one.type === 'power' && one.action === 'status');
  const devices = draft.hostSpec(name).levels[level] ?? [];
  for (const device of devices) askPower(draft, name, device, 'on', 'ordered by an operator');
  return { outcome: 'accepted', text: `${name} is being switched on by ${devices.join(' and ')}` };
}

/** A device has answered to `on`. Whether there is power now, it is asked next. */
export function afterSwitchOn(
  draft: Draft,
  name: HostName,
  device: DeviceName,
  outcome: PowerOutcome,
  text: string,
): void {
  const state = draft.host(name).devices.get(device);
  if (state === undefined) return;
  changeDevice(draft, name, device, { ...state, checkAt: draft.now });
  const isDone = outcome === 'done';
  draft.fact({
    name: isDone ? 'ha.power.on' : 'ha.power.trouble',
    severity: isDone ? 'info' : 'warning',
    host: name,
    text: isDone ? `switched on by ${device}` : `on by ${device}: ${outcome}: ${text}`,
  });
  draft.because(`${device} was told on`);
}

const NO_DEVICE = 'it has no fence device that can be believed; switch it by hand';

function fenceWords(cause: string): string {
  return cause === 'power-off'
    ? 'it is being switched off'
    : 'a fence of this host is under way: wait for its end';
}

/** What speaks against cutting the power of a host with which nothing is wrong. */
function whyKeepOn(draft: Draft, name: HostName): string | undefined {
  if (name === draft.spec.managerHost) return 'the manager runs on it';
  const [group] = groupsMaybeOn(draft, name);
  if (group !== undefined) {
    const runs = runsOn(draft, group, name) === 'no' ? 'may run' : 'runs';
    if (!draft.group(group).managed) return `group ${group} ${runs} on it and is unmanaged`;
    const remedy = draft.spec.mode === 'manage' ? ` (first: aureole deactivate ${name})` : '';
    return `group ${group} ${runs} on it${remedy}`;
  }
  const coming = comingTo(draft, name);
  return coming === undefined ? undefined : `group ${coming} is about to start on it`;
}

function refused(text: string): Answer {
  return { outcome: 'refused', text };
}
