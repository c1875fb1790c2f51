// SPDX-License-Identifier: Apache-2.0
/**
 * Tells what happens, as it happens: what was done to a host, what the manager says, what the world
 * says. After a fault every line bears the time since it, which makes the timeline of a failover,
 * until all that ran on the host runs again. Lines wait a moment, so that what was heard in different
 * ways stands in the order in which it happened.
 */
import type { Look } from '../runtime/command.ts';
import { printableLine } from '../model/printable.ts';
import type { EventView, Status } from '../ha/contract.ts';
import type { Act, WorldNews } from './cluster.ts';

export type NarratorOptions = Look & { readonly print: (line: string) => void };

/** From a fault until all that ran on the host runs again, or somebody mends it. */
type Fault = {
  readonly host: string;
  readonly at: number;
  /** Groups that ran on the host. */
  readonly groups: readonly string[];
  readonly endAt: number;
};

type Line = { readonly at: number; readonly since?: number; readonly text: string };

const ACTED: Readonly<Record<Act, string>> = {
  cut: 'the cable is cut',
  freeze: 'all processes are frozen',
  kill: 'the agent is killed with SIGKILL',
  'power-off': 'the power is cut',
  mend: 'the cable is plugged in, the processes go on, the agent runs',
  'power-on': 'the power is on',
};
const BREAKS: readonly Act[] = ['cut', 'freeze', 'power-off'];
const HOST_WIDTH = 6;
/** What happens later has nothing to do with the fault any more. */
const FAULT_MS_MAX = 120_000;
const FAULTS_MAX = 4;
/** An agent answers at least every quarter of the demo's heartbeat time-out of 3 s. */
const MISSED_MS = 900;
const SEEN_MAX = 256;
const WAIT_MS = 300;

export class Narrator {
  readonly #options: NarratorOptions;
  readonly #seen = new Set<string>();
  #waiting: Line[] = [];
  #faults: readonly Fault[] = [];
  #status: Status | undefined;
  #heardTold = false;
  #lastAt = 0;
  #ready = false;

  constructor(options: NarratorOptions) {
    this.#options = options;
  }

  acted(act: Act, host: string, at: number): void {
    this.#endFault(at - 1);
    if (BREAKS.includes(act)) {
      const groups = this.#status?.groups ?? [];
      const there = groups.filter((group) => group.host === host && group.status === 'running');
      const fault = { host, at, groups: there.map(({ name }) => name), endAt: at + FAULT_MS_MAX };
      this.#faults = [...this.#faults, fault].slice(-FAULTS_MAX);
      this.#heardTold = false;
    }
    this.#line(at, host, this.#options.paint('bold', ACTED[act]));
  }

  note(text: string, at: number): void {
    this.#line(at, '', this.#options.paint('dim', text));
  }

  event(event: EventView): void {
    const at = Date.parse(event.time);
    this.#lastAt = at;
    const subject = event.resource ?? event.group;
    const words = subject === undefined ? event.text : `${subject}: ${event.text}`;
    const name = this.#options.paint('dim', `(${event.name})`);
    const text = this.#inColour(event.severity, printableLine(words));
    this.#line(at, event.host ?? '', `${text} ${name}`);
  }

  news(news: WorldNews, at: number): void {
    const { paint } = this.#options;
    if (news.type === 'power') {
      return this.#line(news.at, news.host, `its power switch: ${news.text}`);
    }
    if (news.type === 'manager') {
      // In quiet times it does nothing but look after its devices.
      if (this.#faultAt(news.at) === undefined) return;
      return this.#line(news.at, '', paint('dim', `manager: ${printableLine(news.text)}`));
    }
    if (news.type === 'twice') {
      // It is seen ten times a second as long as it lasts.
      if (this.#seen.has(news.text) || this.#seen.size >= SEEN_MAX) return;
      this.#seen.add(news.text);
      return this.#line(at, '', paint('red', `A DISK IS USED TWICE AT ONCE: ${news.text}`));
    }
    const gap = news.gapMs === undefined ? '' : `, after ${seconds(news.gapMs)} s without a writer`;
    this.#line(at, news.host, `${news.resource} writes to its disk${gap}`);
  }

  status(status: Status): void {
    this.#status = status;
    const running = new Map(
      status.groups.filter((group) => group.status === 'running').map((g) => [g.name, g.host]),
    );
    if (!this.#ready && running.size === status.groups.length) {
      this.#ready = true;
      this.#line(Date.now(), '', this.#options.paint('green', 'All resource groups run.'));
    }
    const fault = this.#faultAt(Date.now());
    if (fault !== undefined) this.#follow(fault, status, running);
  }

  /** Prints what has waited long enough; all of it without an argument. */
  flush(now: number = Infinity): void {
    const isDue = ({ at }: { readonly at: number }): boolean => at <= now - WAIT_MS;
    const due = this.#waiting.filter(isDue).toSorted((a, b) => a.at - b.at);
    this.#waiting = this.#waiting.filter((line) => !isDue(line));
    for (const line of due) this.#options.print(this.#render(line));
  }

  #follow(fault: Fault, status: Status, running: ReadonlyMap<string, string | undefined>): void {
    const host = status.hosts.find(({ name }) => name === fault.host);
    if ((host?.heardMsAgo ?? 0) > MISSED_MS && !this.#heardTold) {
      this.#heardTold = true;
      const at = Date.now() - (host?.heardMsAgo ?? 0);
      this.#line(at, fault.host, 'the last answer that was heard', fault.at);
    }
    const isBack = (name: string): boolean => (running.get(name) ?? fault.host) !== fault.host;
    if (fault.groups.length === 0 || !fault.groups.every(isBack)) return;
    const text = `All that ran on ${fault.host} runs again, ${seconds(this.#lastAt - fault.at)} s after the fault.`;
    this.#line(this.#lastAt, '', this.#options.paint('green', text));
    this.#endFault(this.#lastAt);
  }

  #endFault(endAt: number): void {
    const last = this.#faults.at(-1);
    if (last === undefined || last.endAt <= endAt) return;
    this.#faults = [...this.#faults.slice(0, -1), { ...last, endAt }];
  }

  #faultAt(at: number): Fault | undefined {
    return this.#faults.findLast((fault) => fault.at <= at && at <= fault.endAt);
  }

  #inColour(severity: EventView['severity'], text: string): string {
    if (severity === 'info') return text;
    return this.#options.paint(severity === 'alarm' ? 'red' : 'yellow', text);
  }

  #line(at: number, host: string, text: string, since?: number): void {
    const line = { at, text: `${host.padEnd(HOST_WIDTH)} ${text}` };
    this.#waiting.push(since === undefined ? line : { ...line, since });
  }

  #render({ at, since = this.#faultAt(at)?.at, text }: Line): string {
    const clock = this.#options.paint('dim', new Date(at).toISOString().slice(11, 23));
    const sign = since !== undefined && at < since ? '' : '+';
    const offset = since === undefined ? '' : `${sign}${seconds(at - since)} s`;
    return `${clock} ${offset.padStart(11)}  ${text}`;
  }
}

function seconds(durationMs: number): string {
  return (durationMs / 1_000).toFixed(3);
}
