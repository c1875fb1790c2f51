// SPDX-License-Identifier: Apache-2.0
/**
 * What a host is asked: one script on the standard input of `sh`, so that no word passes through a
 * login shell. It only looks. Each answer stands between marks that nobody can guess, so that a name
 * on the host cannot look like one.
 */

const COMMANDS = {
  name: 'uname -n',
  pools: 'zpool list -H -o name,guid',
  // Reads the labels of all disks, those of other hosts' pools too; imports nothing.
  importable: 'timeout 20 zpool import',
  mounts: 'findmnt --json --list --types lustre --output SOURCE,TARGET,OPTIONS',
  bmc: 'timeout 10 ipmitool lan print',
} as const;

export type Answer = {
  /** 127: there is no such program. */
  readonly code: number;
  readonly text: string;
};

export type Answers = Readonly<Record<keyof typeof COMMANDS, Answer>>;

/** `mark` holds letters, digits and dashes only. */
export function scriptOf(mark: string): string {
  return [
    'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C',
    'export PATH LC_ALL',
    ...Object.entries(COMMANDS).flatMap(([question, command]) => [
      `echo '${mark} ${question}'`,
      `${command} </dev/null 2>&1`,
      `code=$?; echo; echo "${mark} end $code"`,
    ]),
    '',
  ].join('\n');
}

/** Undefined: the host has not answered all of it. */
export function parseAnswers(text: string, mark: string): Answers | undefined {
  const answerTo = (question: keyof Answers): Answer | undefined => {
    const begin = `${mark} ${question}\n`;
    const from = text.indexOf(begin);
    const to = text.indexOf(`\n${mark} end `, from);
    if (from === -1 || to === -1) return undefined;
    const code = /^\n\S+ end (\d{1,3})\n/.exec(text.slice(to))?.[1];
    if (code === undefined) return undefined;
    return { code: Number(code), text: text.slice(from + begin.length, to) };
  };
  const name = answerTo('name');
  const pools = answerTo('pools');
  const importable = answerTo('importable');
  const mounts = answerTo('mounts');
  const bmc = answerTo('bmc');
  if (name === undefined || pools === undefined || importable === undefined) return undefined;
  if (mounts === undefined || bmc === undefined) return undefined;
  return { name, pools, importable, mounts, bmc };
}
