// SPDX-License-Identifier: Apache-2.0
/** A page for each command, from what commander knows of it: nothing here is said twice. */
import type { Command as Program } from 'commander';
import { example, item, paragraph, section, subsection, type Page } from './roff.ts';
import { environmentOf, exitsOf, FILES, type About, type Entry } from './surroundings.ts';

const WHOLE = [
  'Aureole starts, watches, fences and fails over resource groups made of OCF resources. A manager decides; on each host an agent runs the scripts. The commands below speak to the manager over its socket.',
  'Wherever hosts are named, a nodeset does: oss[1-4], oss1,oss3, @group of the configuration.',
];

/** `manager` and `agent` are daemons: section 8. */
export function sectionOf(name: string): 1 | 8 {
  return ['manager', 'agent'].includes(name) ? 8 : 1;
}

/** Of the program as a whole, of one command, or of the agent's own program. */
export function pageOf(program: Program, about: About): Page {
  const isWhole = about === 'all';
  const name = isWhole ? 'aureole' : `aureole-${program.name()}`;
  const summary = program.description();
  const description = isWhole ? WHOLE : [`${summary}.`];
  return {
    name,
    section: isWhole ? 1 : sectionOf(program.name()),
    summary,
    sections: [
      section('SYNOPSIS', `.B ${usageOf(program, about).replaceAll('-', '\\-')}`),
      section('DESCRIPTION', ...description.map(paragraph)),
      ...commandsOf(program, isWhole),
      ...listOf('ARGUMENTS', argumentsOf(program)),
      ...listOf('OPTIONS', optionsOf(program)),
      ...examplesOf(program).map((text) => section('EXAMPLES', example(text))),
      ...listOf('EXIT STATUS', exitsOf(about)),
      ...listOf('ENVIRONMENT', environmentOf(about)),
      ...listOf('FILES', FILES),
      section('SEE ALSO', seeAlso(name)),
    ],
  };
}

function usageOf(program: Program, about: About): string {
  if (about === 'agent') return `aureole-agent ${program.usage()}`;
  return program.createHelp().commandUsage(program);
}

/** The program's commands have pages of their own; those of a command are told with it. */
function commandsOf(program: Program, isWhole: boolean): readonly string[] {
  const children = program
    .createHelp()
    .visibleCommands(program)
    .filter((child) => child.name() !== 'help');
  if (children.length === 0) return [];
  if (!isWhole) return [section('COMMANDS', ...children.map(nestedCommand))];
  const pages = children.map((child): Entry => {
    const page = `aureole-${child.name()}(${sectionOf(child.name())})`;
    return [page, child.description()];
  });
  return listOf('COMMANDS', pages);
}

function nestedCommand(child: Program): string {
  return subsection(
    usageOf(child, 'command'),
    paragraph(child.description()),
    ...[...argumentsOf(child), ...optionsOf(child)].map((entry) => item(...entry)),
    ...examplesOf(child).map(example),
  );
}

function argumentsOf(program: Program): readonly Entry[] {
  const help = program.createHelp();
  return help
    .visibleArguments(program)
    .map((argument): Entry => [help.argumentTerm(argument), help.argumentDescription(argument)]);
}

function optionsOf(program: Program): readonly Entry[] {
  const help = program.createHelp();
  return help
    .visibleOptions(program)
    .filter(({ long }) => long !== '--help')
    .map((option): Entry => {
      const text = help.optionDescription(option);
      // The name of the machine that builds is no default for others.
      const isHostName = option.attributeName() === 'name';
      return [help.optionTerm(option), isHostName ? (option.description ?? text) : text];
    });
}

/** What the command adds to its help under the title Examples. */
function examplesOf(program: Program): readonly string[] {
  const before = { ...program.configureOutput() };
  let said = '';
  program.configureOutput({ ...before, writeOut: (text) => (said += text) });
  program.outputHelp();
  program.configureOutput(before);
  const found = /^Examples:\n((?: .*\n?)+)/m.exec(said)?.[1];
  return found === undefined ? [] : [found.replaceAll(/^ {2}/gm, '').trimEnd()];
}

function listOf(title: string, entries: readonly Entry[]): readonly string[] {
  return entries.length === 0 ? [] : [section(title, ...entries.map((entry) => item(...entry)))];
}

function seeAlso(name: string): string {
  const pages = ['aureole(1)', 'aureole-manager(8)', 'aureole-agent(8)', 'aureole.yaml(5)'];
  const others = pages.filter((page) => !page.startsWith(`${name}(`));
  return others.map((page) => page.replaceAll('-', '\\-')).join(',\n');
}
