// SPDX-License-Identifier: Apache-2.0
/**
 * Switches the power of a host by its fence devices, without a manager. As in a fence, a host is off
 * once all devices of a level were told off and then say off; the next level is tried after one that
 * failed. What nobody answered is unknown.
 */
import type { PowerAnswer } from '../fencing/contract.ts';
import type { PowerAction } from '../core/messages.ts';

export type SwitchDevice = (device: string, action: PowerAction) => Promise<PowerAnswer>;

export type Switched = {
  readonly outcome: 'done' | 'failed' | 'unknown';
  readonly text: string;
};

export async function switchHost(
  levels: readonly (readonly string[])[],
  wanted: 'on' | 'off',
  run: SwitchDevice,
): Promise<Switched> {
  if (levels.length === 0) return { outcome: 'failed', text: 'it has no fence device' };
  const troubles: string[] = [];
  let isOpen = false;
  for (const level of levels) {
    const told = await tellAll(level, wanted, run);
    const failed = told.filter(({ outcome }) => outcome === 'failed');
    // What some device of the level has taken, or may have, was done all the same.
    isOpen ||= failed.length < told.length;
    troubles.push(...told.filter(({ outcome }) => outcome !== 'done').map(wordsOf));
    if (failed.length > 0) continue;
    const said = await tellAll(level, 'status', run);
    if (said.every(({ outcome }) => outcome === wanted)) {
      return { outcome: 'done', text: `is ${wanted}` };
    }
    troubles.push(...said.filter(({ outcome }) => outcome !== wanted).map(wordsOf));
  }
  return { outcome: isOpen ? 'unknown' : 'failed', text: troubles.join('; ') };
}

type Told = PowerAnswer & { readonly device: string; readonly action: PowerAction };

function tellAll(
  level: readonly string[],
  action: PowerAction,
  run: SwitchDevice,
): Promise<readonly Told[]> {
  return Promise.all(
    level.map(async (device) => ({ device, action, ...(await run(device, action)) })),
  );
}

function wordsOf({ device, action, outcome, text }: Told): string {
  return `${action} by ${device}: ${outcome}${text === '' ? '' : `: ${text}`}`;
}
