// SPDX-License-Identifier: Apache-2.0
/** `aureole demo`: a cluster on this machine to look at and to break. */
import { Argument, Command } from 'commander';
import { AureoleError } from '../../kernel/error.ts';
import { printableLine } from '../../model/printable.ts';
import { ACTS, type Act } from '../cluster.ts';
import { askDemo, type Wish } from '../control.ts';
import { controlSocket, demoDirectory } from '../directory.ts';
import { runDemo } from '../run-demo.ts';

const SUMMARIES: Readonly<Record<Act, string>> = {
  cut: 'cut the cable of a host',
  freeze: 'freeze all processes of a host',
  kill: 'kill the agent of a host with SIGKILL; its services go on',
  'power-off': 'cut the power of a host',
  mend: 'plug the cable in, thaw the processes, start the agent again',
  'power-on': 'switch a host on',
};

export function demoCommand(): Command {
  const demo = new Command('demo')
    .description('Run a cluster on this machine, to look at and to break')
    // Whatever is no subcommand comes here.
    .argument('[subcommand...]')
    .usage('[subcommand]')
    .action(async (words: readonly string[]) => {
      const [unknown] = words;
      if (unknown !== undefined) throw unknownCommand(unknown);
      await run();
    });
  for (const act of ACTS) {
    demo
      .command(act)
      .description(SUMMARIES[act])
      .addArgument(new Argument('<host>', 'a host of the demo, for instance oss1'))
      .action((host: string) => wish({ type: 'act', act, host }));
  }
  demo
    .command('kill-manager')
    .description('kill the manager with SIGKILL; the demo starts it again')
    .action(() => wish({ type: 'kill-manager' }));
  return demo;
}

function unknownCommand(word: string): AureoleError {
  const known = [...ACTS, 'kill-manager'].join(', ');
  return new AureoleError(
    `unknown command '${printableLine(word)}' of the demo: it knows ${known}`,
    { code: 'usage' },
    { effect: 'none' },
  );
}

async function run(): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, end);
  // A reader that goes away ends other commands at once, but this one as Ctrl-C does.
  process.stdout.removeAllListeners('error').on('error', end);
  try {
    const [, entry = ''] = process.argv;
    await runDemo([process.execPath, entry], stop.signal);
  } finally {
    for (const signal of signals) process.off(signal, end);
  }
}

async function wish(what: Wish): Promise<void> {
  process.stdout.write(`${await askDemo(controlSocket(demoDirectory()), what)}\n`);
}
