// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NodeSetError, parseNodeSet } from './node-set.ts';
import { foldNames } from './node-set/fold.ts';

const GROUPS = new Map([
  ['oss', 'oss[1-4]'],
  ['all', '@oss,mds[1-2]'],
  ['self', '@self'],
  ['broken', 'oss['],
]);

test('a nodeset names what its brackets, operators and groups say, by pattern and index', () => {
  const cases: readonly (readonly [text: string, names: string])[] = [
    ['', ''],
    ['oss1', 'oss1'],
    ['oss[1-3,7]', 'oss1 oss2 oss3 oss7'],
    ['oss[00-02]', 'oss00 oss01 oss02'],
    ['oss[1-9/4]', 'oss1 oss5 oss9'],
    ['r[2,1]n[01-02]', 'r1n01 r1n02 r2n01 r2n02'],
    ['n10[1-2]', 'n101 n102'],
    ['n[1-2]05', 'n105 n205'],
    ['rack[1-2]-oss[1].site', 'rack1-oss1.site rack2-oss1.site'],
    ['oss10,oss2 oss1', 'oss1 oss2 oss10'],
    ['n01,n1,n001', 'n1 n01 n001'],
    ['1-3,9', '1 2 3 9'],
    ['10.0.0.[1-2]', '10.0.0.1 10.0.0.2'],
    ['a+b,c:d,e/f', 'a+b c:d e/f'],
    ['oss[1-4]!oss2', 'oss1 oss3 oss4'],
    ['oss[1-4] - oss[2-3]', 'oss1 oss4'],
    ['oss-a - oss-b', 'oss-a'],
    ['oss[1-4]&oss[3-9]', 'oss3 oss4'],
    ['oss[1-3]^oss[3-4]', 'oss1 oss2 oss4'],
    ['oss[1-2],oss3 ! oss1,oss1', 'oss1 oss2 oss3'],
    ['oss[1-3] ! (oss1,oss2)', 'oss3'],
    ['(oss1 (oss2)),', 'oss1 oss2'],
    ['@oss - oss3', 'oss1 oss2 oss4'],
    ['@all & mds1', 'mds1'],
  ];
  for (const [text, names] of cases) {
    assert.equal(parseNodeSet(text, GROUPS).join(' '), names, text);
  }
});

test('what is no nodeset is told with its text', () => {
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    ['node[', /bracket is not closed/],
    ['node[0-2', /bracket is not closed/],
    ['node[a]', /'a' in brackets is neither a number nor a range/],
    ['host0[-1]', /'-1' in brackets/],
    ['node[]', /'' in brackets/],
    ['node]', /what '\]' means/],
    ['node[01-100]', /mismatched padding: '01-100'/],
    ['node[5-1]', /the range '5-1' runs backwards/],
    ['node[1-5/0]', /the step of '1-5\/0' is 0/],
    ['node[1-2][3-4]', /brackets need a text between them/],
    ['a ! ', /what '!/],
    ['a,,b', /what ',b' means/],
    [',a', /what ',a' means/],
    ['(a', /parenthesis is not closed/],
    ['a)', /what '\)' means/],
    ['a(b)', /what '\(b\)' means/],
    ['a;reboot', /what ';reboot' means/],
    ['@nobody', /no group @nobody in node_groups/],
    ['@local:oss', /unknown group source: 'local'/],
    ['@self', /does a group name itself/],
    ['@broken', /bracket is not closed/],
    ['('.repeat(40), /more than 32 parentheses/],
    ['n[1-100001]', /more than 100000 names/],
    ['n[1-400]r[1-400]', /more than 100000 names/],
    ['n[1-60000],m[1-60000]', /more than 100000 names/],
    ['a'.repeat(70_000), /longer than 65536 characters/],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => parseNodeSet(text, GROUPS),
      (error) =>
        error instanceof NodeSetError &&
        error.message.startsWith("unable to parse '") &&
        message.test(error.message),
      text.slice(0, 40),
    );
  }
});

test('a mistake is told without control characters, and in little room', () => {
  const text = `\u001B[31m;${'x'.repeat(5_000)}`;
  assert.throws(
    () => parseNodeSet(text),
    (error) => error instanceof NodeSetError && /^\P{Cc}{1,400}$/u.test(error.message),
  );
});

test('names fold to ranges for each pattern', () => {
  const cases: readonly (readonly [names: string, folded: string])[] = [
    ['', ''],
    ['oss3 oss1 oss2', 'oss[1-3]'],
    ['oss00 oss01 oss02 oss03 oss07', 'oss[00-03,07]'],
    ['n09 n10 n100', 'n[09-10,100]'],
    ['n9 n10 n11', 'n[9-11]'],
    ['mds1 oss1 oss2 mds', 'mds,mds1,oss[1-2]'],
    ['r1n1 r1n2 r2n1 r2n2', 'r[1-2]n[1-2]'],
    ['r1n1 r1n2 r2n1', 'r1n[1-2],r2n1'],
    ['1-5', '[1]-5'],
    ['sn12345678901 sn12345678902', 'sn12345678901,sn12345678902'],
  ];
  for (const [names, folded] of cases)
    assert.equal(foldNames(names.split(' ').filter(Boolean)), folded);
});

const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,5}[0-9]{0,12}[a-z0-9]$/);
const close = fc
  .tuple(fc.constantFrom('oss', 'r1-n', ''), fc.nat(30), fc.nat(3))
  .map(([text, index, width]) => `${text}${String(index).padStart(width, '0')}`);
const grid = fc
  .tuple(fc.nat(4), fc.nat(4), fc.nat(4))
  .map(([a, b, c]) => `r${a}-c${b}n${String(c).padStart(2, '0')}`);
const nameSet = fc.array(fc.oneof(name, close, grid), { maxLength: 60 });

test('what is folded means the same names, each once', () => {
  fc.assert(
    fc.property(nameSet, (names) => {
      const parsed = parseNodeSet(foldNames(names));
      assert.deepEqual(new Set(parsed), new Set(names));
      assert.equal(parsed.length, new Set(names).size);
      assert.equal(foldNames(parsed), foldNames(names), 'one text for one set');
    }),
  );
});

test('operators do with nodesets what they do with sets', () => {
  fc.assert(
    fc.property(nameSet, nameSet, (left, right) => {
      const [a, b] = [new Set(left), new Set(right)];
      const of = (operator: string): Set<string> =>
        new Set(parseNodeSet(`(${foldNames(a)}) ${operator} (${foldNames(b)})`));
      assert.deepEqual(of(','), a.union(b));
      assert.deepEqual(of(' '), a.union(b));
      assert.deepEqual(of('!'), a.difference(b));
      assert.deepEqual(of('-'), a.difference(b));
      assert.deepEqual(of('&'), a.intersection(b));
      assert.deepEqual(of('^'), a.symmetricDifference(b));
    }),
  );
});

test('any text is either a nodeset or a mistake', () => {
  const text = fc.string({
    unit: fc.constantFrom(...Array.from('ab019[]()-,!&^ @/:._')),
    maxLength: 40,
  });
  fc.assert(
    fc.property(text, (one) => {
      try {
        const names = parseNodeSet(one, GROUPS);
        assert.ok(
          names.every((each) => /^[a-z0-9./:_-]+$/.test(each)),
          one,
        );
      } catch (error) {
        assert.ok(error instanceof NodeSetError, one);
      }
    }),
    { numRuns: 2_000 },
  );
});
