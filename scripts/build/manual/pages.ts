// SPDX-License-Identifier: Apache-2.0
/** All manual pages, by the names of their files. */
import { agentCommand } from '../../../src/agent/commands/agent.ts';
import { buildProgram, SECTIONS } from '../../../src/cli/program.ts';
import { pageOf } from './command-pages.ts';
import { configPage } from './config-page.ts';
import { pageText, type Edition, type Page } from './roff.ts';
import type { About } from './surroundings.ts';

const ABOUT: ReadonlyMap<string, About> = new Map([
  ['status', 'status'],
  ['manager', 'manager'],
]);

export async function manualPages(edition: Edition): Promise<ReadonlyMap<string, string>> {
  const whole = await buildProgram([]);
  const names = [...SECTIONS.values()].flat().map(({ name }) => name);
  const commands = await Promise.all(names.map((name) => commandPage(name)));
  const pages: readonly Page[] = [pageOf(whole, 'all'), ...commands, configPage()];
  return new Map(pages.map((page) => [`${page.name}.${page.section}`, pageText(page, edition)]));
}

/** The agent has a program of its own, too, and its page is about that. */
async function commandPage(name: string): Promise<Page> {
  if (name === 'agent') return pageOf(agentCommand(), 'agent');
  const whole = await buildProgram([name]);
  const found = whole.commands.find((command) => command.name() === name);
  if (found === undefined) throw new Error(`no command ${name}`);
  return pageOf(found, ABOUT.get(name) ?? 'command');
}
