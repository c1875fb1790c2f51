// SPDX-License-Identifier: Apache-2.0
/** Runs a command's value: options from the words typed, the result as text or JSON, an exit code from the verdict. */
import { userInfo } from 'node:os';
import { Command as Program } from 'commander';
import { haClient, type HaApi } from '../ha/client.ts';
import { DEFAULT_SOCKET } from '../ha/places.ts';
import { AureoleError } from '../kernel/error.ts';
import type { Argument, Command, CommandContext, Followed } from '../runtime/command.ts';
import { exitCodeOfVerdict } from './exit.ts';
import { chooseSocket, surroundings } from './socket.ts';
import { asker, lookOf, redraw, tell, warn } from './terminal.ts';

type Flags = { readonly json?: true; readonly socket?: string };

export function toProgram<Input, Result>(command: Command<Input, Result, HaApi>): Program {
  const program = new Program(command.name).description(command.summary);
  for (const argument of command.arguments) {
    program.argument(placeholder(argument), argument.description);
  }
  for (const { flags, description } of command.options) program.option(flags, description);
  return program
    .option('--json', 'print the result as JSON')
    .option(
      '--socket <path>',
      `the manager's socket (default: $AUREOLE_SOCKET, else ${DEFAULT_SOCKET})`,
    )
    .addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`)
    .action(async () => {
      const { json, socket, ...options } = program.opts<Flags>();
      const values = new Map<string, unknown>(Object.entries(options));
      for (const [index, { name }] of command.arguments.entries()) {
        values.set(name, program.processedArgs[index]);
      }
      const input = parseInput(command, values, nameOf(program));
      process.exitCode = await run(command, input, { json, socket });
    });
}

function placeholder({ name, many, optional }: Argument): string {
  const word = many === true ? `${name}...` : name;
  return optional === true ? `[${word}]` : `<${word}>`;
}

/** As it is typed: `aureole events clear`. */
function nameOf(program: Program): string {
  const above = program.parent === null ? [] : [nameOf(program.parent)];
  return [...above, program.name()].join(' ');
}

async function run<Input, Result>(
  command: Command<Input, Result, HaApi>,
  input: Input,
  flags: { readonly json: true | undefined; readonly socket: string | undefined },
): Promise<number> {
  const { path, isDemo } = chooseSocket(flags.socket, surroundings());
  let api: HaApi | undefined;
  const open = (): HaApi => {
    if (isDemo) process.stderr.write(`(the demo's cluster: ${path})\n`);
    return haClient(path);
  };
  const end = new AbortController();
  const stop = (): void => end.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const ask = asker(end.signal);
  const askSecret = asker(end.signal, { hidden: true });
  const context: CommandContext<HaApi> = {
    // Not every command speaks to a manager.
    get api() {
      return (api ??= open());
    },
    signal: end.signal,
    operator: operatorName(),
    tell,
    warn,
    ...(ask === undefined ? {} : { ask }),
    ...(askSecret === undefined ? {} : { askSecret }),
  };
  const show = shower(command, input, flags.json === true);
  const followed = command.follow?.(input, context);
  if (followed !== undefined) {
    for await (const item of followed) show(item, true);
    return exitCodeOfVerdict('done');
  }
  const result = await command.run(input, context);
  show({ type: 'more', result }, false);
  return exitCodeOfVerdict(command.verdict(result, input));
}

function parseInput<Input, Result>(
  command: Command<Input, Result, HaApi>,
  values: ReadonlyMap<string, unknown>,
  typed: string,
): Input {
  const parsed = command.input.safeParse(Object.fromEntries(values));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path, message, code }) => {
    const key = String(path[0]);
    const isArgument = command.arguments.some(({ name }) => name === key);
    const flag = isArgument
      ? key
      : `--${key.replaceAll(/[A-Z]/g, (big) => `-${big.toLowerCase()}`)}`;
    const isAbsent = code === 'invalid_type' && values.get(key) === undefined;
    return `${flag}${isAbsent ? ' is missing' : `: ${message}`}`;
  });
  const text = `${wrong.join('; ')} (see ${typed} --help)`;
  throw new AureoleError(text, { code: 'usage' }, { effect: 'none' });
}

function shower<Input, Result>(
  command: Command<Input, Result, HaApi>,
  input: Input,
  json: boolean,
): (item: Followed<Result>, goesOn: boolean) => void {
  const { stdout, stderr } = process;
  const look = lookOf(stdout);
  let before: string | undefined;
  return (item, goesOn) => {
    if (item.type === 'notice') {
      stderr.write(`${item.text}\n`);
    } else if (json) {
      stdout.write(goesOn ? jsonLines(item.result) : `${JSON.stringify(item.result, null, 2)}\n`);
    } else {
      const text = command.render(item.result, look, input);
      if (text === undefined) return;
      if (item.type === 'more') stdout.write(`${text}\n`);
      else if (text === before) return;
      else if (stdout.isTTY) redraw(stdout, text);
      else stdout.write(`== ${new Date().toISOString()}\n${text}\n`);
      before = text;
    }
  };
}

/** A line for each result; for a list, a line for each of its items. */
function jsonLines(result: unknown): string {
  const items: readonly unknown[] = Array.isArray(result) ? result : [result];
  return items.map((item) => `${JSON.stringify(item)}\n`).join('');
}

/** Who sits at the keyboard, also behind sudo. The manager checks it against the socket's peer. */
function operatorName(): string {
  const sudo = process.env['SUDO_USER'];
  if (sudo !== undefined && sudo !== '') return sudo.slice(0, 64);
  try {
    return userInfo().username.slice(0, 64);
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
