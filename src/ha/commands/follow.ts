// SPDX-License-Identifier: Apache-2.0
/**
 * Goes on after the first answer. The manager's stream may break at any time (it restarts, it
 * hangs): we ask again and go on, so that a terminal left open tells the truth the next morning.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../kernel/error.ts';
import type { Followed } from '../../runtime/command.ts';
import type { EventQuery, HaApi } from '../client.ts';
import type { EventView, Status } from '../contract.ts';
import type { StatusReport } from './show-status.ts';

const RETRY_MS = 1_000;
const PAGE = 1_000;

export function watchStatus(
  api: HaApi,
  newest: () => Promise<readonly EventView[]>,
  signal: AbortSignal,
): AsyncIterable<Followed<StatusReport>> {
  const complete = async (status: Status): Promise<Followed<StatusReport>> => {
    return { type: 'whole', result: { ...status, events: await newest() } };
  };
  return retrying(signal, async function* (): AsyncGenerator<Followed<StatusReport>> {
    yield await complete(await api.status(signal));
    for await (const message of api.stream(signal)) {
      if (message.type === 'status') yield await complete(message.status);
    }
  });
}

export function followEvents(
  api: HaApi,
  queryOf: () => Promise<EventQuery>,
  newest: number,
  signal: AbortSignal,
): AsyncIterable<Followed<readonly EventView[]>> {
  let last: number | undefined;
  const missed = async (filter: EventQuery): Promise<readonly EventView[]> => {
    const query = last === undefined ? { limit: newest } : { after: last, limit: PAGE };
    const events = await api.events({ ...filter, ...query }, signal);
    last = events.at(-1)?.id ?? last ?? 0;
    return events;
  };
  return retrying(signal, async function* (): AsyncGenerator<Followed<readonly EventView[]>> {
    const filter = await queryOf();
    let isBehind = true;
    // Listening begins before the question for what was missed; numbers tell what comes by both ways.
    for await (const message of api.stream(signal)) {
      while (isBehind) {
        const isFirst = last === undefined;
        const result = await missed(filter);
        if (result.length > 0) yield { type: 'more', result };
        isBehind = !isFirst && result.length === PAGE;
      }
      if (message.type !== 'event' || message.event.id <= (last ?? 0)) continue;
      last = message.event.id;
      if (fits(message.event, filter)) yield { type: 'more', result: [message.event] };
    }
  });
}

const SEVERITIES: readonly EventView['severity'][] = ['info', 'warning', 'alarm'];

function fits(event: EventView, { host, group, severity = 'info' }: EventQuery): boolean {
  const hosts = [host ?? event.host].flat();
  const isSevere = SEVERITIES.indexOf(event.severity) >= SEVERITIES.indexOf(severity);
  return hosts.includes(event.host) && (group ?? event.group) === event.group && isSevere;
}

async function* retrying<T>(
  signal: AbortSignal,
  listenOnce: () => AsyncIterable<Followed<T>>,
): AsyncGenerator<Followed<T>> {
  let worked = false;
  let isLost = false;
  while (!signal.aborted) {
    try {
      for await (const item of listenOnce()) {
        worked = true;
        isLost = false;
        yield item;
      }
    } catch (error) {
      if (signal.aborted) return;
      // What never worked is a mistake of who asks, and not a manager that restarts.
      if (!worked) throw error;
      const reason = messageOf(error);
      if (!isLost) yield { type: 'notice', text: `${reason}; trying again` };
      isLost = true;
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }
}
