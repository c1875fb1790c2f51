// SPDX-License-Identifier: Apache-2.0
/** Nodesets mean what they mean to ClusterShell, where both have the same language (src/model/node-set.ts says where not). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { parseNodeSet } from '../../src/model/node-set.ts';
import { foldNames } from '../../src/model/node-set/fold.ts';
import { needs } from '../needs.ts';

const PYTHON = '/usr/bin/python3';
const skip = needs({ files: [PYTHON, '/usr/bin/nodeset'] });

/** One line of JSON for each line of JSON: [names, folded] of an expression, or the name of an error. */
const PEER = `
import json, sys
from ClusterShell.NodeSet import NodeSet, NodeSetException
for line in sys.stdin:
    try:
        nodes = NodeSet(json.loads(line))
        print(json.dumps([list(nodes), str(nodes)]))
    except (NodeSetException, ValueError) as error:
        print(json.dumps(type(error).__name__))
`;

const Answer = z.union([
  z.tuple([z.array(z.string()), z.string()]),
  z.string().transform((error) => new Error(error)),
]);
type Answer = z.infer<typeof Answer>;

function askPeer(expressions: readonly string[]): Answer[] {
  const input = expressions.map((text) => `${JSON.stringify(text)}\n`).join('');
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', PEER], {
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => Answer.parse(JSON.parse(line)));
}

const rangeOf = fc
  .tuple(fc.nat(20), fc.nat(12), fc.integer({ min: 1, max: 4 }), fc.boolean())
  .map(([first, count, step, isPadded]) => {
    const last = first + count;
    const width = isPadded ? String(last).length + 1 : 0;
    const [from, to] = [first, last].map((end) => String(end).padStart(width, '0'));
    return count === 0 ? String(from) : `${from}-${to}${step === 1 ? '' : `/${step}`}`;
  });
/** Where digits touch the brackets ClusterShell knows no steps, and no range from 9 to 10. */
const twoDigits = fc
  .tuple(fc.integer({ min: 10, max: 80 }), fc.integer({ min: 1, max: 12 }))
  .map(([first, count]) => `${first}-${first + count}`);
const index = fc.oneof(
  fc.array(rangeOf, { minLength: 1, maxLength: 3 }).map((items) => `[${items.join(',')}]`),
  fc.nat(200).map(String),
  twoDigits.map((item) => `1[${item}]`),
  twoDigits.map((item) => `[${item}]05`),
);
const term = fc.oneof(
  index.map((text) => `oss${text}`),
  fc.tuple(index, index).map(([a, b]) => `r${a}-oss${b}`),
  fc.constantFrom('mds', 'mds.site', 'oss-a', 'oss_b+c'),
);
/** Ours, and the same for ClusterShell, which has fewer ways to write it. */
const expression = fc
  .tuple(
    term,
    fc.array(
      fc.tuple(
        fc.constantFrom(
          [',', ','],
          [' ', ','],
          [' , ', ','],
          ['!', '!'],
          [' - ', '!'],
          ['&', '&'],
          ['^', '^'],
        ),
        term,
      ),
      { maxLength: 5 },
    ),
  )
  .map(([first, rest]) => ({
    ours: [first, ...rest.map(([[operator], text]) => `${operator}${text}`)].join(''),
    theirs: [first, ...rest.map(([[, operator], text]) => `${operator}${text}`)].join(''),
  }));

test('expressions name the same hosts', { skip }, () => {
  const expressions = fc.sample(expression, 2_000);
  const answers = askPeer(expressions.map(({ theirs }) => theirs));
  for (const [place, { ours, theirs }] of expressions.entries()) {
    const answer = answers[place];
    assert.ok(Array.isArray(answer), `${theirs}: ${String(answer)}`);
    const names = parseNodeSet(ours);
    assert.deepEqual(new Set(names), new Set(answer[0]), ours);
  }
});

test('what we fold means the same to ClusterShell', { skip }, () => {
  const sets = fc.sample(expression, 500).map(({ ours }) => parseNodeSet(ours));
  const answers = askPeer(sets.map(foldNames));
  for (const [place, names] of sets.entries()) {
    const answer = answers[place];
    assert.ok(Array.isArray(answer));
    assert.deepEqual(new Set(answer[0]), new Set(names));
  }
});

test('one dimension folds to the same text as with ClusterShell', { skip }, () => {
  const names = fc
    .array(fc.nat(40), { minLength: 1, maxLength: 30 })
    .chain((indexes) =>
      fc
        .constantFrom(0, 3)
        .map((width) => indexes.map((one) => `oss${String(one).padStart(width, '0')}`)),
    );
  const sets = fc.sample(names, 500);
  const answers = askPeer(sets.map((set) => set.join(',')));
  for (const [place, set] of sets.entries()) {
    const answer = answers[place];
    assert.ok(Array.isArray(answer));
    assert.equal(foldNames(set), answer[1]);
  }
});

test('what is no nodeset is one for neither', { skip }, () => {
  const mistakes = [
    'node[',
    'node[0-2',
    'node[a]',
    'host0[-1]',
    'node[]',
    'node[1,]',
    'node[01-100]',
    'node[5-1]',
    'node[1-5/0]',
    'node[1-2][3-4]',
    'a&',
    'a,,b',
    ',a',
  ];
  for (const [place, answer] of askPeer(mistakes).entries()) {
    const text = mistakes[place] ?? '';
    assert.ok(answer instanceof Error, text);
    assert.throws(() => parseNodeSet(text), /^NodeSetError: unable to parse '/, text);
  }
});
