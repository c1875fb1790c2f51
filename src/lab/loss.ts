// SPDX-License-Identifier: Apache-2.0
/**
 * Frames that the switch loses, by rules of its packet filter. Between hosts only: BMCs have cables
 * of their own, and what is said to them always arrives.
 */
import { runCommand } from './command.ts';
import { portOf, type Switch } from './network.ts';

/** Of what goes from this host to that one; from or to all of them, where one is left out. */
export type Loss = {
  readonly from?: string;
  readonly to?: string;
  /** Absent: all of it. */
  readonly percent?: number;
};

/** These losses and no others, from one frame to the next. */
export async function setLosses(on: Switch, losses: readonly Loss[]): Promise<void> {
  await runCommand('nsenter', [`--net=${on.namespace}`, 'nft', '-f', '-'], {
    stdin: rulesFor(losses),
  });
}

function rulesFor(losses: readonly Loss[]): string {
  return `table bridge lab
delete table bridge lab
table bridge lab {
  chain between-hosts {
    type filter hook forward priority 0;
    ${losses.map(ruleFor).join('\n    ')}
  }
}
`;
}

function ruleFor({ from, to, percent }: Loss): string {
  return [
    from === undefined ? '' : `iifname "${portOf(from)}"`,
    to === undefined ? '' : `oifname "${portOf(to)}"`,
    percent === undefined ? '' : `numgen random mod 100 < ${percent}`,
    'drop',
  ].join(' ');
}
