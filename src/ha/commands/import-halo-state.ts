// SPDX-License-Identifier: Apache-2.0
/**
 * `aureole import halo-state`: flags and history of HALO's statefile, into the journal of a manager
 * that does not run. All of it in one transaction, or nothing: with a manager at work the flags would
 * be orders, each of which may be refused, and half of them taken over is worse than none.
 */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { messageOf } from '../../kernel/error.ts';
import { printableLine } from '../../model/printable.ts';
import type { Command } from '../../runtime/command.ts';
import { settings } from '../../runtime/settings.ts';
import type { HaApi } from '../client.ts';
import { readTextFile } from '../config/read-file.ts';
import { loadConfig } from '../config.ts';
import type { ClusterSpec } from '../core/spec.ts';
import { HaError } from '../errors.ts';
import { findNew, planImport, type HaloPlan } from '../import/halo-plan.ts';
import { parseHaloState, type HaloRecord } from '../import/halo-records.ts';
import {
  agentPort,
  configPath,
  DEFAULT_CONFIG,
  DEFAULT_JOURNAL,
  haloStatefile,
  journalPath,
} from '../places.ts';
import { Journal } from '../shell/journal.ts';

const DEFAULT_STATEFILE = '/etc/halo/halo.state';
const FILE_BYTES_MAX = 64 * 1024 * 1024;
const MISTAKES_TOLD = 50;

const ImportInput = z.object({
  file: z.string().min(1, 'write the path of a file').optional(),
  config: z.string().optional(),
  journal: z.string().optional(),
  dryRun: z.boolean().default(false),
});
type ImportInput = z.infer<typeof ImportInput>;

export type ImportResult = Partial<Pick<HaloPlan, 'flags' | 'unknown'>> & {
  readonly outcome: 'imported' | 'would-import' | 'known' | 'refused' | 'wrong';
  /** What happened, or each mistake. */
  readonly texts: readonly string[];
};

export const importHaloState: Command<ImportInput, ImportResult, HaApi> = {
  name: 'halo-state',
  summary: "Take over the flags and the history of HALO's statefile",
  arguments: [
    {
      name: 'file',
      description: `the statefile (default: $HALO_STATEFILE, else ${DEFAULT_STATEFILE})`,
      optional: true,
    },
  ],
  options: [
    {
      flags: '--config <file>',
      description: `the configuration (default: $AUREOLE_CONFIG, else ${DEFAULT_CONFIG})`,
    },
    {
      flags: '--journal <file>',
      description: `of the manager (default: $AUREOLE_JOURNAL, else ${DEFAULT_JOURNAL})`,
    },
    { flags: '--dry-run', description: 'only tell what would be taken over' },
  ],
  input: ImportInput,
  examples: [
    'aureole import halo-state --dry-run',
    'aureole import halo-state /etc/halo/halo.state',
  ],
  run: (input, { operator }) => Promise.resolve(importState(input, operator)),
  render: renderImport,
  verdict: ({ outcome }) =>
    outcome === 'refused' ? 'refused' : outcome === 'wrong' ? 'failed' : 'done',
};

function importState(input: ImportInput, operator: string): ImportResult {
  const find = settings();
  const path = input.file ?? haloStatefile(find) ?? DEFAULT_STATEFILE;
  const text = readStatefile(path);
  if (typeof text !== 'string') return text;
  const { records, mistakes } = parseHaloState(text);
  if (mistakes.length > 0) {
    const texts = mistakes
      .slice(0, MISTAKES_TOLD)
      .map((mistake) => `${path}:${mistake.line}: ${mistake.text}`);
    const untold = mistakes.length - texts.length;
    if (untold > 0) texts.push(`${path}: and ${untold} more mistakes: is it a statefile?`);
    return { outcome: 'wrong', texts: [...texts, 'nothing was imported'] };
  }
  const { spec } = loadConfig(configPath(input.config, find), agentPort(find));
  const file = journalPath(input.journal, find);
  if (input.dryRun && !existsSync(file))
    return foretold(planImport(records, records, spec, new Map()));
  try {
    using journal = new Journal(file);
    return intoJournal(journal, { path, records, spec, operator, dryRun: input.dryRun });
  } catch (error) {
    if (!(error instanceof HaError) || error.details.code !== 'journal-in-use') throw error;
    const remedy = 'stop the manager, import, and start it again: a restart moves nothing';
    return { outcome: 'refused', texts: [`${file}: a manager uses this journal: ${remedy}`] };
  }
}

function readStatefile(path: string): string | ImportResult {
  try {
    return readTextFile(path, FILE_BYTES_MAX).text;
  } catch (error) {
    return { outcome: 'wrong', texts: [`${path} ${messageOf(error)}`] };
  }
}

type Import = {
  readonly path: string;
  readonly records: readonly HaloRecord[];
  readonly spec: ClusterSpec;
  readonly operator: string;
  readonly dryRun: boolean;
};

function intoJournal(
  journal: Journal,
  { path, records, spec, operator, dryRun }: Import,
): ImportResult {
  const saved = journal.saved();
  const added = findNew(records, saved);
  switch (added.type) {
    case 'all-known':
      return { outcome: 'known', texts: [`${path} was imported already, and has nothing new`] };
    case 'other-file': {
      const text = `another statefile was imported into this journal, or ${path} was changed since: give what is missing as orders, like aureole unmanage`;
      return { outcome: 'refused', texts: [text] };
    }
    case 'new': {
      const plan = planImport(records, added.records, spec, saved);
      if (dryRun) return foretold(plan);
      const told = `${countOf(plan)} of ${path}`;
      const mark = { name: 'ha.imported', severity: 'info', text: told, operator } as const;
      journal.commit(plan.saves, [...plan.facts, mark], Date.now());
      const { flags, unknown } = plan;
      return { outcome: 'imported', texts: [`imported: ${told}`], flags, unknown };
    }
  }
}

function foretold(plan: HaloPlan): ImportResult {
  const { flags, unknown } = plan;
  const texts = [`would be imported: ${countOf(plan)}`];
  return { outcome: 'would-import', texts, flags, unknown };
}

function countOf({ facts }: HaloPlan): string {
  return `${facts.length} ${facts.length === 1 ? 'record' : 'records'}`;
}

function renderImport({ texts, flags = [], unknown = [] }: ImportResult): string {
  return [
    ...texts,
    ...flags.map((flag) => `  ${flag}`),
    ...unknown.map((one) => `  ${one.replace('/', ' ')}: not in the configuration, left out`),
  ]
    .map((line) => `${/^ */.exec(line)?.[0] ?? ''}${printableLine(line)}`)
    .join('\n');
}
