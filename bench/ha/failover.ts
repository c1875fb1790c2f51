// SPDX-License-Identifier: Apache-2.0
/**
 * What a failover takes beyond what nobody can take from it. A host with ten Dummy resources, one root
 * and nine that start after it side by side, is frozen or loses its cable, in turns. Of each run:
 *
 *   beyond = last of the ten started on the partner - fault - heartbeat_timeout - fence program - chain
 *
 * - fence program: its calls with `off` and with the `status` that proves it, each from begin to end
 * - chain: the slowest of the probes on the partner, the start of the root, the slowest start of the
 *   nine, each from begin to end of the script
 *
 * The fault is the instant before the act, the last beat was up to a quarter of heartbeat_timeout
 * before it: what is beyond may be less than nothing.
 */
import type { Bench, BenchOptions } from '../bench.ts';
import { rounded, spreadOf, type Figure } from '../figure.ts';
import { FaultSite, HEARTBEAT_TIMEOUT_MS, type Takeover } from './fault-site.ts';
import type { Act } from './pacemaker/act-log.ts';

const RUNS = 50;
const QUICK_RUNS = 3;
const DEPENDENTS = 9;
const P50_MS = 100;
const P95_MS = 250;

/** Of one run, in milliseconds. */
type Parts = {
  readonly detection: number;
  readonly fence: number;
  readonly chain: number;
  readonly whole: number;
  readonly beyond: number;
};

export const failoverBench: Bench = {
  name: 'failover-beyond',
  about: `a failover beyond time-out, fence program and scripts, ${RUNS} times; 8 minutes`,
  run: async (options) => [figureOf(await measure(options))],
};

async function measure({ quick, say }: BenchOptions): Promise<readonly Parts[]> {
  await using site = await FaultSite.open(DEPENDENTS);
  const samples: Parts[] = [];
  for (let run = 1; run <= (quick ? QUICK_RUNS : RUNS); run++) {
    const fault = run % 2 === 0 ? 'frozen' : 'cut';
    const at = await site.strike(fault);
    const parts = partsOf(at, await site.takeover(at));
    samples.push(parts);
    say(`${run}: ${fault}: ${inWords(parts)}`);
    await site.restore();
  }
  return samples;
}

export function partsOf(at: number, { fence, scripts }: Takeover): Parts {
  const off = theFirst(fence, 'off', at);
  const status = theFirst(fence, 'status', off.endedAt);
  const starts = scripts.filter(({ action }) => action === 'start');
  const root = theFirst(scripts, 'start', status.endedAt);
  const probes = scripts.filter(
    ({ action, beganAt }) =>
      action === 'monitor' && beganAt > status.endedAt && beganAt < root.beganAt,
  );
  const rest = starts.filter((start) => start !== root);
  const whole = Math.max(...starts.map(({ endedAt }) => endedAt)) - at;
  const fenceMs = lengthOf(off) + lengthOf(status);
  const chain = slowest(probes) + lengthOf(root) + slowest(rest);
  return {
    detection: off.beganAt - at,
    fence: fenceMs,
    chain,
    whole,
    beyond: whole - HEARTBEAT_TIMEOUT_MS - fenceMs - chain,
  };
}

function theFirst(acts: readonly Act[], action: string, afterAt: number): Act {
  const candidates = acts.filter((act) => act.action === action && act.beganAt >= afterAt);
  const [first] = candidates.toSorted((a, b) => a.beganAt - b.beganAt);
  if (first === undefined) throw new Error(`no ${action} is on record`);
  return first;
}

function lengthOf({ beganAt, endedAt }: Act): number {
  return endedAt - beganAt;
}

function slowest(acts: readonly Act[]): number {
  return Math.max(0, ...acts.map(lengthOf));
}

function inWords({ beyond, whole, detection, fence, chain }: Parts): string {
  const parts = { whole, detection, fence, chain };
  const words = Object.entries(parts).map(([name, ms]) => `${name} ${Math.round(ms)}`);
  return `beyond ${Math.round(beyond)} ms (${words.join(', ')})`;
}

function figureOf(samples: readonly Parts[]): Figure {
  const spread = spreadOf(samples.map(({ beyond }) => beyond));
  const median = (part: keyof Parts): number => rounded(spreadOf(samples.map((s) => s[part])).p50);
  return {
    figure: 'failover-beyond',
    value: spread.p50,
    unit: 'ms',
    runs: samples.length,
    bar: `p50 <= ${P50_MS} ms, p95 <= ${P95_MS} ms`,
    holds: spread.p50 <= P50_MS && spread.p95 <= P95_MS,
    spread,
    note: `medians: from the fault to the last start ${median('whole')} ms, to the fence command ${median('detection')} ms; fence program ${median('fence')} ms, chain of scripts ${median('chain')} ms`,
  };
}
