// SPDX-License-Identifier: Apache-2.0
/** Whether what an order has begun is over, by the manager's status alone. */
import { unreachable } from '../../kernel/unreachable.ts';
import type { GroupView, HostView, Status } from '../contract.ts';
import type { Verb } from '../core/messages.ts';

export type AwaitedOrder = { readonly verb: Verb; readonly target: string };

/** `text`: what came of it, or what is still missing. */
export type Settled = {
  readonly state: 'waiting' | 'done' | 'failed';
  readonly text: string;
};

/** `stays`: why a group was not moved after all, as an event told it. */
export function settled(
  status: Status,
  { verb, target }: AwaitedOrder,
  stays: ReadonlyMap<string, string> = new Map(),
): Settled {
  const host = status.hosts.find((one) => one.name === target);
  const group = status.groups.find((one) => one.name === target);
  if (host === undefined && group === undefined) return failed(`there is no ${target} any more`);
  if (!status.acting) return failed('another manager has taken over');
  const own = group === undefined ? status.groups.filter((one) => isOf(one, target)) : [group];
  switch (verb) {
    case 'confirm-off':
    case 'reset':
    case 'unmanage':
      return done(`${target}: done`);
    case 'failback':
      return all(
        own.filter((one) => one.managed && (group !== undefined || one.homeHost === target)),
        (one) => isHome(one, stays.get(one.name)),
        `${target}: at home`,
      );
    case 'deactivate':
      return all(
        own.filter((one) => one.managed),
        (one) => hasLeft(one, target),
        `${target}: carries no managed group`,
      );
    case 'fence':
    case 'power-off':
      return host === undefined ? failed(`there is no host ${target}`) : isOff(status, host, own);
    case 'power-on':
      return host?.status === 'online'
        ? done(`${target}: answers`)
        : waiting(`${target}: ${host?.reason ?? 'there is no such host'}`);
    case 'manage':
    case 'cleanup':
    case 'activate':
      return status.mode === 'observe'
        ? done(`${target}: only observed`)
        : all(
            own.filter((one) => one.managed),
            runs,
            `${target}: all runs`,
          );
    default:
      return unreachable(verb);
  }
}

/** The worst of them: what has failed first, then what is missing. */
function all(
  groups: readonly GroupView[],
  judge: (group: GroupView) => Settled,
  whenDone: string,
): Settled {
  const judged = groups.map(judge);
  const of = (state: Settled['state']): string[] =>
    judged.filter((one) => one.state === state).map(({ text }) => text);
  const missing = of('waiting');
  if (missing.length > 0) return waiting(missing.join('; '));
  const wrong = of('failed');
  return wrong.length > 0 ? failed(wrong.join('; ')) : done(whenDone);
}

function isHome(group: GroupView, stays: string | undefined): Settled {
  const { name, status, host = '?', homeHost, movingTo } = group;
  const trouble = troubleOf(group);
  if (trouble !== undefined) return failed(trouble);
  if (status === 'running' && host === homeHost) return done(runsWhere(group));
  const isGivenUp = status === 'running' && movingTo === undefined;
  return isGivenUp ? failed(`${name} ${stays ?? `stays on ${host}`}`) : waiting(wordsOf(group));
}

/** What may run on the host although it is not seen there has not left it, unless it runs elsewhere. */
function hasLeft(group: GroupView, host: string): Settled {
  const here = group.resources.map(({ hosts }) => hosts.find((one) => one.host === host)?.status);
  const isElsewhere = group.status === 'running' && group.host !== host;
  const isOnItsWay = group.status === 'starting' || group.status === 'stopping';
  if (isElsewhere) return done(wordsOf(group));
  if (!isOnItsWay && here.every((one) => one === 'stopped')) return done(wordsOf(group));
  const trouble = troubleOf(group);
  if (trouble !== undefined) return failed(trouble);
  const isAlone = group.homeHost === host && group.failoverHosts.length === 0;
  return isAlone ? failed(`${group.name} has no other host to go to`) : waiting(wordsOf(group));
}

function isOff(status: Status, host: HostView, groups: readonly GroupView[]): Settled {
  const { name } = host;
  // Also where it was off before: it may have been told on since.
  if (host.fence !== undefined) return waiting(`${name}: ${host.reason}`);
  if (host.status !== 'off') {
    return failed(`${name} is not being switched off any more: ${host.reason}`);
  }
  const judge = (group: GroupView): Settled => {
    const mayGo = [group.homeHost, ...group.failoverHosts].some((other) =>
      status.hosts.some((one) => one.name === other && one.status === 'online' && one.active),
    );
    return mayGo ? runs(group) : done(`${group.name} has nowhere to go`);
  };
  const managed = status.mode === 'manage' ? groups.filter((one) => one.managed) : [];
  return all(managed, judge, `${name}: off, and its groups are where they can be`);
}

function runs(group: GroupView): Settled {
  const trouble = troubleOf(group);
  if (trouble !== undefined) return failed(trouble);
  const isThere = group.status === 'running' && group.movingTo === undefined;
  return isThere ? done(runsWhere(group)) : waiting(wordsOf(group));
}

/** What only an operator can go on from. */
function troubleOf(group: GroupView): string | undefined {
  const isStuck = group.status === 'failed' || group.status === 'conflict';
  return isStuck ? wordsOf(group) : undefined;
}

function runsWhere({ name, host }: GroupView): string {
  return `${name} runs on ${host ?? '?'}`;
}

function wordsOf({ name, status, reason }: GroupView): string {
  return `${name} is ${status}: ${reason}`;
}

function isOf(group: GroupView, host: string): boolean {
  return group.homeHost === host || group.failoverHosts.includes(host);
}

function done(text: string): Settled {
  return { state: 'done', text };
}

function failed(text: string): Settled {
  return { state: 'failed', text };
}

function waiting(text: string): Settled {
  return { state: 'waiting', text };
}
