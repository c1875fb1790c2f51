// SPDX-License-Identifier: Apache-2.0
/**
 * From the fault of a host to the command that cuts its power, at `heartbeat_timeout: 1s`: until the
 * fence program begins with `off`. A lost power is seen before the time-out, since the BMC tells it.
 */
import type { Bench, BenchOptions } from '../bench.ts';
import { spreadOf, type Figure } from '../figure.ts';
import { FaultSite, type Fault } from './fault-site.ts';

const RUNS = 20;
const QUICK_RUNS = 3;

type Bar = { readonly p50Ms: number; readonly p95Ms?: number };

export const detectionFrozenBench = detectionBench('frozen', { p50Ms: 1_200, p95Ms: 1_400 });
export const detectionCutBench = detectionBench('cut', { p50Ms: 1_200, p95Ms: 1_400 });
export const detectionPowerLossBench = detectionBench('power-loss', { p50Ms: 600 });

function detectionBench(fault: Fault, bar: Bar): Bench {
  return {
    name: `detection-${fault}`,
    about: `from the fault of a host (${fault}) to the fence command, ${RUNS} times; 2 minutes`,
    run: async (options) => [figureOf(fault, bar, await measure(fault, options))],
  };
}

async function measure(fault: Fault, { quick, say }: BenchOptions): Promise<readonly number[]> {
  await using site = await FaultSite.open(0);
  const samples: number[] = [];
  for (let run = 1; run <= (quick ? QUICK_RUNS : RUNS); run++) {
    const at = await site.strike(fault);
    const { fence } = await site.takeover(at);
    const off = fence.find(({ action }) => action === 'off');
    if (off === undefined) throw new Error('taken over without a fence');
    samples.push(off.beganAt - at);
    say(`${run}: ${Math.round(off.beganAt - at)} ms`);
    await site.restore();
  }
  return samples;
}

function figureOf(fault: Fault, { p50Ms, p95Ms }: Bar, samples: readonly number[]): Figure {
  const spread = spreadOf(samples);
  return {
    figure: `detection-${fault}`,
    value: spread.p50,
    unit: 'ms',
    runs: samples.length,
    bar: `p50 <= ${p50Ms} ms${p95Ms === undefined ? '' : `, p95 <= ${p95Ms} ms`}`,
    holds: spread.p50 <= p50Ms && (p95Ms === undefined || spread.p95 <= p95Ms),
    spread,
  };
}
