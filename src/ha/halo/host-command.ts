// SPDX-License-Identifier: Apache-2.0
/** What HALO's `POST /hosts/{id}` asks for, checked in HALO's order and answered in its words. */
import type { HostView, OrderAnswer, OrderRequest, Status } from '../contract.ts';

export type HostCommand = {
  readonly command: string;
  readonly force?: boolean | null | undefined;
  readonly comment?: string | null | undefined;
};

export type HaloAnswer = {
  readonly status: 200 | 400 | 404 | 409 | 500 | 503 | 504;
  readonly text: string;
};

export type HaloOrder = Pick<OrderRequest, 'verb' | 'target' | 'force' | 'reason'>;

export type HaloHands = {
  readonly order: (order: HaloOrder) => Promise<OrderAnswer | 'busy' | 'late'>;
  /** How the fence of that host has ended; undefined: it has not, and nobody waits longer. */
  readonly fenceEnd: (host: string) => Promise<'off' | 'failed' | undefined>;
};

export const OBSERVES: HaloAnswer = {
  status: 409,
  text: 'The specified command can only be used when running in managed mode.',
};
const DONE: HaloAnswer = { status: 200, text: '' };

export async function commandHost(
  name: string,
  { command, force, comment }: HostCommand,
  status: Status,
  hands: HaloHands,
): Promise<HaloAnswer> {
  const host = status.hosts.find((one) => one.name === name);
  if (status.mode === 'observe') return OBSERVES;
  if (host === undefined) return { status: 404, text: '' };
  const order = { target: name, force: force ?? false, reason: comment ?? '' };
  if (command === 'reset') {
    if (host.armed && host.fence === undefined) return refused('Host has not been fenced.');
    return haloAnswer(await hands.order({ ...order, verb: 'reset' }));
  }
  const partners = partnersOf(name, status);
  if (partners.length === 0) return { status: 400, text: 'Host does not have a failover partner.' };
  switch (command) {
    case 'failback':
      if (!host.active)
        return refused('Host is deactivated. Please activate it before running resources on it.');
      return haloAnswer(await hands.order({ ...order, verb: 'failback' }));
    case 'fence': {
      const obstacle = order.force ? undefined : whyNotFence(host, partners);
      if (obstacle !== undefined) return refused(obstacle);
      if (host.fence !== undefined) return refused(FENCE_UNDER_WAY);
      return fence(order, hands);
    }
    case 'activate':
      return haloAnswer(await hands.order({ ...order, verb: 'activate' }));
    case 'deactivate':
      if (!partners.some(({ active }) => active))
        return refused(
          'Partner host is already deactivated. You cannot deactivate both hosts in a pair.',
        );
      return haloAnswer(await hands.order({ ...order, verb: 'deactivate' }));
    default:
      return { status: 400, text: 'Unsupported command.' };
  }
}

const FENCE_UNDER_WAY = 'Another fence request is already in progress. Wait for it to finish.';

/** HALO knows one partner; of several, one that can take over is enough. */
function whyNotFence(host: HostView, partners: readonly HostView[]): string | undefined {
  const active = partners.filter((partner) => partner.active);
  if (active.length === 0) return 'Partner is deactivated.';
  if (!active.some(({ status }) => status === 'online')) return 'Partner is disconnected.';
  return host.armed ? undefined : 'Host has already been fenced.';
}

async function fence(order: Omit<HaloOrder, 'verb'>, hands: HaloHands): Promise<HaloAnswer> {
  const answer = await hands.order({ ...order, verb: 'fence' });
  const begun = haloAnswer(answer);
  if (begun.status !== 200) return begun;
  switch (await hands.fenceEnd(order.target)) {
    case 'off':
      return DONE;
    case 'failed':
      return { status: 500, text: 'Fence operation failed. The host is not powered off.' };
    case undefined:
      return {
        status: 500,
        text: 'Fence operation is still under way: whether the host is powered off is not known.',
      };
  }
}

export function haloAnswer(answer: OrderAnswer | 'busy' | 'late'): HaloAnswer {
  if (answer === 'busy')
    return { status: 503, text: 'Too many commands wait for an answer. Nothing was done.' };
  if (answer === 'late')
    return { status: 504, text: 'No answer in time. The command may still be carried out.' };
  const isTaken = answer.outcome === 'done' || answer.outcome === 'accepted';
  return isTaken ? DONE : refused(answer.text);
}

function refused(text: string): HaloAnswer {
  return { status: 409, text };
}

/** The other hosts of its groups. */
function partnersOf(name: string, { hosts, groups }: Status): readonly HostView[] {
  const lists = groups.map(({ homeHost, failoverHosts }) => [homeHost, ...failoverHosts]);
  const names = new Set(lists.filter((list) => list.includes(name)).flat());
  return hosts.filter((host) => host.name !== name && names.has(host.name));
}
