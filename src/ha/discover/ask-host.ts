// SPDX-License-Identifier: Apache-2.0
/**
 * Asks a host over ssh, with the keys and settings of whoever runs the command. Nothing may ask back:
 * a password or an unknown host key is that host's failure, in ssh's own words.
 */
import { randomUUID } from 'node:crypto';
import { printableLine } from '../../model/printable.ts';
import { runProgram, type ProgramResult } from '../../runtime/process.ts';
import { parseAnswers, scriptOf, type Answers } from './questions.ts';

type AskedHost =
  | { readonly type: 'told'; readonly answers: Answers; readonly output: string }
  | { readonly type: 'failed'; readonly why: string };

type AskOptions = {
  /** ssh's own configuration file. */
  readonly sshConfig?: string | undefined;
  readonly deadlineMs: number;
};

const CONNECT_TIMEOUT_S = 10;
const KILL_GRACE_MS = 500;
const OUTPUT_BYTES_MAX = 1_048_576;
const WORDS_MAX = 300;
/** Of ours, what ssh needs to find keys and settings. */
const VARIABLES = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK', 'KRB5CCNAME'];
const SETTINGS = [
  'BatchMode=yes',
  `ConnectTimeout=${CONNECT_TIMEOUT_S}`,
  'ClearAllForwardings=yes',
  'ForwardAgent=no',
  'ForwardX11=no',
  'PermitLocalCommand=no',
  'RequestTTY=no',
];

/** Never rejects. */
export async function askHost(
  host: string,
  { sshConfig, deadlineMs }: AskOptions,
  signal: AbortSignal,
): Promise<AskedHost> {
  const mark = `aureole-${randomUUID()}`;
  const result = await runProgram({
    file: 'ssh',
    args: [
      ...(sshConfig === undefined ? [] : ['-F', sshConfig]),
      ...SETTINGS.flatMap((setting) => ['-o', setting]),
      '--',
      host,
      'sh',
    ],
    env: Object.fromEntries(
      VARIABLES.flatMap((name) => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    stdin: scriptOf(mark),
    timeoutMs: deadlineMs,
    killGraceMs: KILL_GRACE_MS,
    outputBytesMax: OUTPUT_BYTES_MAX,
    signal,
  });
  const answers = parseAnswers(result.stdout, mark);
  if (result.end.type === 'exited' && answers !== undefined) {
    return { type: 'told', answers, output: result.stdout.replaceAll(`${mark} `, '== ') };
  }
  return { type: 'failed', why: whyFailed(result, deadlineMs) };
}

function whyFailed({ end, stderr, stdout }: ProgramResult, deadlineMs: number): string {
  switch (end.type) {
    case 'not-run':
      return `ssh cannot be run: ${end.text}`;
    case 'timed-out':
      return `no answer within ${deadlineMs / 1_000} s`;
    case 'aborted':
      return 'interrupted';
    case 'signalled':
      return `ssh was ended by ${end.signal}`;
    case 'exited': {
      if (end.code === 0) return 'it did not answer all questions, or more than can be read';
      const words = printableLine(stderr || stdout).slice(0, WORDS_MAX);
      return `ssh ended with ${end.code}${words === '' ? ', without a word' : `: ${words}`}`;
    }
  }
}
