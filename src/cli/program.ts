// SPDX-License-Identifier: Apache-2.0
/**
 * All commands in one program. Only the command that is asked for is loaded: the names and summaries
 * of all stand here, so that help and mistakes are answered at once.
 */
import { Command as Program } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import type { HaApi } from '../ha/client.ts';
import type { Command } from '../runtime/command.ts';
import { settle } from './run-program.ts';

export type Subcommand = {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Program>;
};

export const SECTIONS: ReadonlyMap<string, readonly Subcommand[]> = new Map([
  [
    'To look:',
    [
      {
        name: 'status',
        summary: 'Show resource groups, hosts and alarms',
        load: () => ha(import('../ha/commands/status.ts').then((file) => file.status)),
      },
      {
        name: 'events',
        summary: 'Show what happened',
        load: loadEvents,
      },
      {
        name: 'explain',
        summary: 'Tell why hosts or groups are as they are',
        load: () => ha(import('../ha/commands/explain.ts').then((file) => file.explain)),
      },
      {
        name: 'validate',
        summary: 'Check a configuration, show what it means, or what it would change',
        load: () => ha(import('../ha/commands/validate.ts').then((file) => file.validate)),
      },
    ],
  ],
  [
    'To act on a host:',
    [
      {
        name: 'fence',
        summary: 'Cut the power of hosts, and start their groups elsewhere',
        load: () => ha(import('../ha/commands/fence.ts').then((file) => file.fence)),
      },
      {
        name: 'reset',
        summary: 'Arm hosts again after they were fenced',
        load: () => ha(import('../ha/commands/reset.ts').then((file) => file.reset)),
      },
      {
        name: 'deactivate',
        summary: 'Move all groups off hosts, and keep them off',
        load: () => ha(import('../ha/commands/deactivate.ts').then((file) => file.deactivate)),
      },
      {
        name: 'activate',
        summary: 'Let hosts take groups again',
        load: () => ha(import('../ha/commands/activate.ts').then((file) => file.activate)),
      },
      {
        name: 'power',
        summary: 'Switch hosts on and off, or ask whether they have power',
        load: loadPower,
      },
    ],
  ],
  [
    'To act on a resource group:',
    [
      {
        name: 'failback',
        summary: 'Return groups to their home host',
        load: () => ha(import('../ha/commands/failback.ts').then((file) => file.failback)),
      },
      {
        name: 'cleanup',
        summary: 'Forget the failures of groups, and try again',
        load: () => ha(import('../ha/commands/cleanup.ts').then((file) => file.cleanup)),
      },
      {
        name: 'unmanage',
        summary: 'Only watch groups: neither start, stop nor move them',
        load: () => ha(import('../ha/commands/unmanage.ts').then((file) => file.unmanage)),
      },
      {
        name: 'manage',
        summary: 'Act on groups again',
        load: () => ha(import('../ha/commands/manage.ts').then((file) => file.manage)),
      },
    ],
  ],
  [
    'To try it:',
    [
      {
        name: 'demo',
        summary: 'Run a cluster on this machine, to look at and to break',
        load: async () => (await import('../demo/commands/demo.ts')).demoCommand(),
      },
    ],
  ],
  [
    'To prepare:',
    [
      {
        name: 'discover',
        summary: 'Ask hosts over ssh what they run, and write a configuration to begin with',
        load: () => ha(import('../ha/commands/discover.ts').then((file) => file.discover)),
      },
      {
        name: 'pki',
        summary: 'Make certificates for the hosts and the manager',
        load: async () => (await import('../pki/commands/pki.ts')).pkiCommand(),
      },
      {
        name: 'complete',
        summary: 'Print the completion script of a shell: bash, zsh or fish',
        load: async () => (await import('./completion.ts')).completeCommand(),
      },
    ],
  ],
  [
    'To move over from HALO:',
    [
      {
        name: 'import',
        summary: "Take over what HALO's statefile holds",
        load: loadImport,
      },
    ],
  ],
  [
    'Daemons:',
    [
      {
        name: 'manager',
        summary: 'Keep the resource groups running: watch the hosts, fail over, fence',
        load: async () => (await import('../ha/commands/manager.ts')).managerCommand(),
      },
      {
        name: 'agent',
        summary: 'Run OCF scripts on this host for the manager, and tell it how they are',
        load: async () => (await import('../agent/commands/agent.ts')).agentCommand(),
      },
    ],
  ],
]);

async function ha<Input, Result>(
  loading: Promise<Command<Input, Result, HaApi>>,
): Promise<Program> {
  const { toProgram } = await import('./run-command.ts');
  return toProgram(await loading);
}

async function loadEvents(): Promise<Program> {
  const { showEvents, clearEvents } = await import('../ha/commands/events.ts');
  const { toProgram } = await import('./run-command.ts');
  return new Program('events')
    .description('Show what happened')
    .addCommand(toProgram(showEvents), { isDefault: true })
    .addCommand(toProgram(clearEvents))
    .addHelpText('after', '\nOptions of show, which need not be said: aureole help events show');
}

async function loadPower(): Promise<Program> {
  const { powerOff, powerOn, powerStatus } = await import('../ha/commands/power.ts');
  const { toProgram } = await import('./run-command.ts');
  return new Program('power')
    .description('Switch hosts on and off, or ask whether they have power')
    .addCommand(toProgram(powerOn))
    .addCommand(toProgram(powerOff))
    .addCommand(toProgram(powerStatus));
}

async function loadImport(): Promise<Program> {
  const { importHaloState } = await import('../ha/commands/import-halo-state.ts');
  const { toProgram } = await import('./run-command.ts');
  return new Program('import')
    .description("Take over what HALO's statefile holds")
    .addCommand(toProgram(importHaloState));
}

export async function buildProgram(args: readonly string[]): Promise<Program> {
  const program = settle(new Program('aureole'))
    .description('High availability for the servers of an HPC storage cluster')
    .version(manifest.version);
  const words = args.filter((arg) => !arg.startsWith('-'));
  const [verb = ''] = words;
  // A shell asks what comes next, and does not want its script.
  const isTab = verb === 'complete' && args[1] === '--';
  const wanted = verb === 'help' || isTab ? words[1] : verb;
  for (const [title, subcommands] of SECTIONS) {
    for (const { name, summary, load } of subcommands) {
      if (isTab && name === verb) continue;
      const loaded = name === wanted ? await load() : new Program(name).description(summary);
      inherit(loaded, program);
      program.addCommand(loaded.helpGroup(title));
      for (const nested of loaded.commands) nested.copyInheritedSettings(loaded);
    }
  }
  // Else `aureole statsu --help` would be answered as if nothing were wrong.
  if (verb === args[0] && !isKnown(program, verb)) program.helpOption(false);
  if (isTab) await (await import('./completion.ts')).answerCompletion(program, args);
  return program;
}

function isKnown(program: Program, verb: string): boolean {
  return verb === 'help' || program.commands.some((command) => command.name() === verb);
}

/** Commander hands its settings on only to commands that it makes itself. */
function inherit(command: Program, parent: Program): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
}
