// SPDX-License-Identifier: Apache-2.0
/**
 * `aureole complete bash|zsh|fish` prints a shell's script, which then asks `aureole complete -- WORDS`.
 * Verbs and options come from the program, hosts and groups from the running manager. The Tab key
 * does not wait: a manager that does not answer at once is one of which nothing is known.
 */
import { script, type RootCommand } from '@bomb.sh/tab';
import tab from '@bomb.sh/tab/commander';
import { Command as Program } from 'commander';
import { haClient } from '../ha/client.ts';
import { BASH_SCRIPT } from './bash-completion.ts';
import { chooseSocket, surroundings } from './socket.ts';

type Names = { readonly hosts: readonly string[]; readonly groups: readonly string[] };

const DEADLINE_MS = 300;
/** Shells may expand what they are offered; names in a configuration are made of these. */
const HARMLESS = /^[A-Za-z0-9_][A-Za-z0-9_.:/-]*$/;
const TAKES_HOSTS = /host|nodeset|name/;
const TAKES_GROUPS = /group|name/;

export function completeCommand(): Program {
  return new Program('complete')
    .description('Print the completion script of a shell: bash, zsh or fish')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', '\nExamples:\n  source <(aureole complete bash)')
    .action((shell: string, _options, program: Program) => {
      if (shell === 'bash') process.stdout.write(BASH_SCRIPT);
      else if (shell === 'zsh' || shell === 'fish') script(shell, 'aureole', 'aureole');
      else program.error(`error: "${shell}" is none of bash, zsh, fish`);
    });
}

/** Teaches a program to answer `complete -- WORDS`. The command that is being typed must be loaded. */
export async function answerCompletion(program: Program, words: readonly string[]): Promise<void> {
  const root = tab(program);
  await offerNames(root);
  if (takesFile(program, words.at(-2))) {
    // 0: the shell may offer files. The library itself never says so.
    root.parse = () => void process.stdout.write(':0\n');
  }
}

/** To the arguments that are hosts or groups. */
async function offerNames({ commands }: RootCommand): Promise<void> {
  const all = [...commands.values()].flatMap((command) => [...command.arguments.values()]);
  const takers = all.filter(({ name }) => TAKES_HOSTS.test(name) || TAKES_GROUPS.test(name));
  if (takers.length === 0) return;
  const { hosts, groups } = await namesOfManager();
  for (const taker of takers) {
    const names = [
      ...(TAKES_HOSTS.test(taker.name) ? hosts : []),
      ...(TAKES_GROUPS.test(taker.name) ? groups : []),
    ];
    taker.handler = (offer) => names.forEach((name) => offer(name, ''));
  }
}

async function namesOfManager(): Promise<Names> {
  try {
    const { path } = chooseSocket(undefined, surroundings());
    const { hosts, groups } = await haClient(path).status(AbortSignal.timeout(DEADLINE_MS));
    const namesOf = (list: readonly { readonly name: string }[]): readonly string[] =>
      list.map(({ name }) => name).filter((name) => HARMLESS.test(name));
    return { hosts: namesOf(hosts), groups: namesOf(groups) };
  } catch {
    // Whoever presses Tab wants no message among his words.
    return { hosts: [], groups: [] };
  }
}

function takesFile(program: Program, before: string | undefined): boolean {
  const commands = [
    program,
    ...program.commands,
    ...program.commands.flatMap((one) => one.commands),
  ];
  const options = commands.flatMap((command) => command.options);
  const option = options.find(({ long, short }) => before === long || before === short);
  return (
    option !== undefined && before !== undefined && /<(?:file|path|folder)>/.test(option.flags)
  );
}
