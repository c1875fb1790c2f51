// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { PLAIN } from '../../runtime/command.ts';
import { haClient } from '../client.ts';
import type { EventView } from '../contract.ts';
import { Journal } from '../shell/journal.ts';
import { importHaloState, type ImportResult } from './import-halo-state.ts';

const folder = mkdtempSync(join(tmpdir(), 'aureole-import-'));
after(() => rmSync(folder, { recursive: true }));

const config = join(folder, 'aureole.yaml');
const file = join(folder, 'halo.state');
const journal = join(folder, 'journal.db');

writeFileSync(
  config,
  `
hosts: [{ hostname: oss1, fence_agent: powerman }, { hostname: oss2, fence_agent: powerman }]
resources: [{ name: ost0, kind: heartbeat/Filesystem }, { name: ost1, kind: heartbeat/Filesystem }]
resource_groups:
  - { root: ost0, home_host: oss1, failover_hosts: [oss2] }
  - { root: ost1, home_host: oss2, failover_hosts: [oss1] }
`,
);

beforeEach(() => {
  for (const name of ['', '.reserve', '-wal', '-shm']) rmSync(`${journal}${name}`, { force: true });
});

async function importing(text: string, dryRun = false): Promise<ImportResult> {
  writeFileSync(file, text);
  const context = {
    api: haClient(join(folder, 'none')),
    signal: AbortSignal.timeout(10_000),
    operator: 'eve',
    tell: () => {},
    warn: () => {},
  };
  return importHaloState.run({ file, config, journal, dryRun }, context);
}

function shown(result: ImportResult): string {
  const input = { dryRun: false };
  return (importHaloState.render(result, PLAIN, input) ?? '').replaceAll(folder, 'FOLDER');
}

function inJournal(): { saves: Record<string, unknown>; events: readonly EventView[] } {
  using opened = new Journal(journal);
  const saves = [...opened.saved()].filter(([key]) => !key.startsWith('import/'));
  return { saves: Object.fromEntries(saves), events: opened.events({ limit: 100 }) };
}

const STATE = `2026-03-01T10:00:00.000000001\tunmanage\tost0\tdisk swap
2026-03-01T10:00:05\tdeactivate\toss2\t
2026-03-01T10:00:04\tactivate\toss2\tlate in the file, early in time
2026-03-01T11:00:00\tfence\toss1\tno heartbeat
2026-03-01T12:00:00\tclear\tevents\t
2026-03-01T13:00:00\tunmanage\tgone\tan old group
2026-03-01T13:00:01\tmanage\tost1\t
`;

test('flags are taken over as HALO would have them, the last of each by time, and the history with its times', async () => {
  const result = await importing(STATE);
  assert.equal(
    shown(result),
    `imported: 7 records of FOLDER/halo.state
  group ost0: unmanaged
  host oss2: deactivated
  host oss1: not armed, since HALO has fenced it: \`aureole reset\` arms it again
  group ost1: managed
  group gone: not in the configuration, left out`,
  );
  const { saves, events } = inJournal();
  assert.deepEqual(saves, {
    'group/ost0': { managed: false, failures: [], ran: [], doubts: [] },
    'group/ost1': { managed: true, failures: [], ran: [], doubts: [] },
    'host/oss1': {
      active: true,
      trust: [],
      fencedAt: new Date('2026-03-01T11:00:00').getTime(),
    },
    'host/oss2': { active: false, trust: [] },
  });
  const told = events.map((event) => [event.name, event.host ?? event.group, event.text]);
  assert.deepEqual(told, [
    ['ha.order.unmanage', 'ost0', 'disk swap (imported from HALO)'],
    ['ha.order.activate', 'oss2', 'late in the file, early in time (imported from HALO)'],
    ['ha.order.deactivate', 'oss2', 'imported from HALO'],
    ['ha.halo.fence', 'oss1', 'no heartbeat (imported from HALO)'],
    ['ha.events.cleared', undefined, 'imported from HALO'],
    ['ha.order.unmanage', 'gone', 'an old group (imported from HALO)'],
    ['ha.order.manage', 'ost1', 'imported from HALO'],
    ['ha.imported', undefined, `7 records of ${file}`],
  ]);
  assert.equal(events[3]?.time, new Date('2026-03-01T11:00:00').toISOString());
  assert.equal(events.at(-1)?.operator, 'eve');
});

test('what the journal knows beside the flags stays', async () => {
  {
    using opened = new Journal(journal);
    const value = { active: true, boot: 'b1', fencedAt: 5, trust: [['oss1/powerman', 'proven']] };
    opened.commit([{ key: 'host/oss1', value }], [], Date.now());
  }
  await importing('2026-03-01T10:00:00\treset\toss1\t\n2026-03-01T10:00:00\tdeactivate\toss1\t\n');
  assert.deepEqual(inJournal().saves, {
    'host/oss1': { active: false, boot: 'b1', trust: [['oss1/powerman', 'proven']] },
  });
});

test('a second import says that it was one, and of a file that has grown takes what is new', async () => {
  await importing(STATE);
  assert.match(shown(await importing(STATE)), /was imported already, and has nothing new$/);
  assert.equal(inJournal().events.length, 8);
  const grown = await importing(`${STATE}2026-03-02T10:00:00\tmanage\tost0\t\n`);
  assert.equal(shown(grown), 'imported: 1 record of FOLDER/halo.state\n  group ost0: managed');
  const other = await importing('2026-03-01T10:00:00\treset\toss1\t\n');
  assert.equal(importHaloState.verdict(other, { dryRun: false }), 'refused');
  assert.match(
    shown(other),
    /^another statefile was imported into this journal, or .* was changed/,
  );
});

test('with a mistake in any line nothing is imported', async () => {
  const result = await importing(`${STATE}torn\n\n`);
  assert.equal(importHaloState.verdict(result, { dryRun: false }), 'failed');
  assert.match(
    shown(result),
    /halo\.state:8: does not begin .*\n.*halo\.state:9: .*\nnothing was/s,
  );
  assert.equal(existsSync(journal), false);
});

test('a dry run tells the same, and writes nothing', async () => {
  const result = await importing(STATE, true);
  assert.match(shown(result), /^would be imported: 7 records\n {2}group ost0: unmanaged\n/);
  assert.equal(existsSync(journal), false);
  await importing(STATE);
  assert.match(shown(await importing(STATE, true)), /was imported already/);
  const grown = `${STATE}2026-03-02T10:00:00\tmanage\tost0\t\n`;
  assert.match(shown(await importing(grown, true)), /^would be imported: 1 record/);
  assert.equal(inJournal().events.length, 8);
});

test('while a manager has the journal nothing is imported', async () => {
  using _manager = new Journal(journal);
  const result = await importing(STATE);
  assert.equal(importHaloState.verdict(result, { dryRun: false }), 'refused');
  assert.match(shown(result), /a manager uses this journal: stop the manager, import/);
});

test('comments move no cursor, and are no longer than a reason', async () => {
  const result = await importing(
    `2026-03-01T10:00:00\tunmanage\tost0\t\u001B[2Jred\r${'x'.repeat(5_000)}\n`,
  );
  assert.equal(result.outcome, 'imported');
  const text = inJournal().events[0]?.text ?? '';
  assert.match(text, /^red x+ \(imported from HALO\)$/);
  assert.ok(text.length < 1_100);
});

test('a wrong file is told to be one without a line for each of its lines', async () => {
  const { outcome, texts } = await importing('x\n'.repeat(1_000));
  assert.equal(outcome, 'wrong');
  assert.equal(texts.length, 52);
  assert.match(texts.at(-2) ?? '', /: and 950 more mistakes: is it a statefile\?$/);
});
