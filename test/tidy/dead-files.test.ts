// SPDX-License-Identifier: Apache-2.0
/**
 * Every source is reached from what is run: the executable and the scripts; simulators, the lab and
 * the suites of plug-in kinds also from tests. A source that only its own test needs is dead.
 */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path/posix';
import { test } from 'node:test';
import { sourcesNamedIn } from './source-text.ts';
import { isTest, plant, readTree, sourcesOf, type Tree } from './tree.ts';

const RUN = /^(?:src\/cli\/(?:agent-)?main\.ts|scripts\/[^/]+\.ts)$/;
const FOR_TESTS = /^src\/(?:sim|lab|[^/]+\/sim)\/|\/conformance\.ts$/;

function deadFiles(tree: Tree): string[] {
  const sources = sourcesOf(tree);
  const run = reachedFrom(
    [...sources.keys()].filter((path) => RUN.test(path)),
    sources,
  );
  const tested = reachedFrom([...sources.keys()].filter(isTest), sources);
  return [...sources.keys()].filter((path) => {
    if (!path.startsWith('src/') || isTest(path)) return false;
    return !run.has(path) && !(FOR_TESTS.test(path) && tested.has(path));
  });
}

function reachedFrom(roots: readonly string[], sources: Tree): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [...roots];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const text = sources.get(path);
    if (text === undefined || reached.has(path)) continue;
    reached.add(path);
    const folder = dirname(path);
    waiting.push(...sourcesNamedIn(text).map((name) => join(folder, name)));
  }
  return reached;
}

test('no source is dead', () => {
  const tree = readTree();
  assert.ok(tree.has('src/cli/main.ts'));
  assert.deepEqual(deadFiles(tree), []);
});

test('a source that only its test reaches is dead, and one that nothing reaches', () => {
  const tree = plant({
    'src/cli/main.ts': `import './a.ts'; new Worker(new URL('./w.ts', import.meta.url));`,
    'src/cli/a.ts': '',
    'src/cli/w.ts': '',
    'src/cli/b.ts': `import './a.ts';`,
    'src/cli/b.test.ts': `import './b.ts';`,
    'src/cli/c.ts': '',
  });
  assert.deepEqual(deadFiles(tree), ['src/cli/b.ts', 'src/cli/c.ts']);
});

test('a simulator lives by the tests that drive it', () => {
  const tree = plant({
    'src/cli/main.ts': '',
    'src/ha/sim/a.ts': '',
    'src/ha/sim/b.ts': '',
    'test/sim/ha.test.ts': `import '../../src/ha/sim/a.ts';`,
  });
  assert.deepEqual(deadFiles(tree), ['src/ha/sim/b.ts']);
});
