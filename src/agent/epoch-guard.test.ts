// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { EpochGuard } from './epoch-guard.ts';

function epochFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'aureole-epoch-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'epoch.json');
}

const refused = (code: string) => ({ details: { code }, effect: 'none' });

test('the highest epoch is obeyed, by the next incarnation as well', (t) => {
  const file = epochFile(t);
  const guard = new EpochGuard(file, false);
  guard.obey({ journal: 'a', number: 2 });
  guard.obey({ journal: 'a', number: 3 });
  assert.throws(() => guard.obey({ journal: 'a', number: 2 }), refused('superseded'));
  const next = new EpochGuard(file, false);
  assert.deepEqual(next.epoch, { journal: 'a', number: 3 });
  assert.throws(() => next.obey({ journal: 'a', number: 2 }), refused('superseded'));
  next.obey({ journal: 'a', number: 3 });
});

test('another journal needs the word of an operator, which holds once', (t) => {
  const file = epochFile(t);
  new EpochGuard(file, false).obey({ journal: 'a', number: 7 });
  const guard = new EpochGuard(file, true);
  guard.obey({ journal: 'a', number: 8 });
  guard.obey({ journal: 'b', number: 1 });
  assert.throws(() => guard.obey({ journal: 'a', number: 9 }), refused('other-journal'));
  assert.deepEqual(new EpochGuard(file, false).epoch, { journal: 'b', number: 1 });
});

test('the word to take over is not used up by the first journal of all', (t) => {
  const guard = new EpochGuard(epochFile(t), true);
  guard.obey({ journal: 'a', number: 1 });
  guard.obey({ journal: 'b', number: 1 });
  assert.throws(() => guard.obey({ journal: 'c', number: 1 }), refused('other-journal'));
});
