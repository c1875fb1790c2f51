// SPDX-License-Identifier: Apache-2.0
/**
 * Runs fence programs. What a program said is told apart from what nobody knows: one that was ended
 * by its time-out, by the signal or by somebody else may have switched the power or not (`unknown`),
 * and is not tried again here.
 */
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcesses, runProgram } from '../../runtime/process.ts';
import type { ProgramResult } from '../../runtime/process.ts';
import type { PowerAction, PowerOutcome } from '../core/messages.ts';
import type { FenceDevice, PowerAnswer, RunFenceDevice } from './contract.ts';
import { fenceInput } from './input.ts';
import { FenceRecord, KILL_GRACE_MS } from './left-programs.ts';
import { findFenceProgram, missingProgram, searchPath } from './programs.ts';
import { lastWords, withoutSecrets } from './words.ts';

const OUTPUT_BYTES_MAX = 65_536;
const RETRY_PAUSE_MS = 500;

/** `directory` holds a record of each fence program that runs; see left-programs.ts. */
export function fenceDeviceRunner(directory: string): RunFenceDevice {
  return async (device, action, signal) => {
    const file = findFenceProgram(device.agent);
    if (file === undefined) return failed(missingProgram(device.agent));
    const input = fenceInput(device.parameters, action);
    if (input.type === 'wrong') return failed(`${device.name}: ${input.why}`);
    const job = { device, action, file, stdin: input.text, directory, signal };
    let answer = await runOnce(job);
    for (let retry = 0; retry < device.retries && answer.outcome === 'failed'; retry++) {
      // An abort cuts the pause short, and the next run ends before it begins.
      await sleep(RETRY_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return answer;
      answer = await runOnce(job);
    }
    return answer;
  };
}

type Job = {
  readonly device: FenceDevice;
  readonly action: PowerAction;
  readonly file: string;
  readonly stdin: string;
  readonly directory: string;
  readonly signal: AbortSignal;
};

async function runOnce(job: Job): Promise<PowerAnswer> {
  const { device, action } = job;
  const record = new FenceRecord(job.directory, device.name, action);
  const [markName = '', markValue = ''] = record.mark.split('=');
  const result = await runProgram({
    file: job.file,
    args: [],
    // The agents' own Python warnings would stand where their last words are looked for.
    env: { PATH: searchPath(), LC_ALL: 'C', PYTHONWARNINGS: 'ignore', [markName]: markValue },
    stdin: job.stdin,
    timeoutMs: device.timeoutMs,
    killGraceMs: KILL_GRACE_MS,
    outputBytesMax: OUTPUT_BYTES_MAX,
    signal: job.signal,
    mark: record.mark,
    onStarted: ({ pid }) => record.started(pid),
  });
  if (!(await leavesSomethingAlive(result))) record.remove();
  return judge(device, action, result);
}

/** A child that outlived its agent might still switch something: it is ended too. */
async function leavesSomethingAlive({ end, pid }: ProgramResult): Promise<boolean> {
  if (end.type === 'timed-out' || end.type === 'aborted') return end.alive;
  if (pid === undefined) return false;
  // The program itself is gone: whoever bears its pid now is not of it, whenever it was started.
  return await endProcesses({ leader: { pid, startTicks: 0 } }, KILL_GRACE_MS);
}

function judge(device: FenceDevice, action: PowerAction, result: ProgramResult): PowerAnswer {
  const { end, stdout } = result;
  const said = wordsOf(device, result);
  const agent = basename(device.agent);
  switch (end.type) {
    case 'not-run':
      return failed(withoutSecrets(`${agent} cannot be run: ${end.text}`, device.secrets));
    case 'timed-out':
      return unknown(`${agent}: no answer within ${device.timeoutMs} ms`, end.alive, said);
    case 'aborted':
      return unknown(`${agent}: ended before it answered`, end.alive, said);
    case 'signalled':
      return unknown(`${agent}: ended by ${end.signal}`, false, said);
    case 'exited': {
      const outcome = meaningOf(action, end.code, stdout);
      if (outcome !== 'failed') return { outcome, text: said };
      return failed(`${agent}: exit ${end.code}${said === '' ? ', without a word' : `: ${said}`}`);
    }
  }
}

/**
 * The exit codes of the fence_* programs. A shell or Python that cannot run its script ends with 2
 * as well, so that 2 means off only for a program that also says so.
 */
function meaningOf(action: PowerAction, code: number, stdout: string): PowerOutcome {
  if (action !== 'status') return code === 0 ? 'done' : 'failed';
  const saysOff = /\boff\b/i.test(stdout);
  if (code === 2 && saysOff) return 'off';
  if (code === 0 && !saysOff) return 'on';
  return 'failed';
}

function wordsOf(device: FenceDevice, result: ProgramResult): string {
  const { end, stdout, stderr } = result;
  const well = end.type === 'exited' && (end.code === 0 || end.code === 2);
  const [first, second] = well ? [stdout, stderr] : [stderr, stdout];
  return lastWords(first, device.secrets) || lastWords(second, device.secrets);
}

function failed(text: string): PowerAnswer {
  return { outcome: 'failed', text };
}

function unknown(text: string, alive: boolean, said: string): PowerAnswer {
  const survivor = alive ? '; a process of it cannot be ended' : '';
  return { outcome: 'unknown', text: `${text}${survivor}${said === '' ? '' : `: ${said}`}` };
}
