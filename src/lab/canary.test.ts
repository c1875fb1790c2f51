// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CanaryJudge, parseCanaryLog, type DiskNews } from './canary.ts';

function judge(log: string): readonly DiskNews[] {
  const canary = new CanaryJudge();
  return parseCanaryLog(log.split('\n')).flatMap((line) => canary.see(line) ?? []);
}

test('a disk that goes from one host to the other was not written in between', () => {
  assert.deepEqual(
    judge(`10.00 disk oss1 aaaa started
10.10 disk oss1 aaaa beat
13.60 disk oss2 bbbb started
13.70 disk oss2 bbbb beat
`),
    [
      { type: 'taken', resource: 'disk', host: 'oss1' },
      { type: 'taken', resource: 'disk', host: 'oss2', gapMs: 3_500 },
    ],
  );
});

test('a host that writes after another one has begun to is found, on whichever host', () => {
  const news = judge(`10.00 disk oss1 aaaa started
10.10 disk oss2 bbbb started
10.20 disk oss1 aaaa beat
`);
  assert.deepEqual(news.at(-1), {
    type: 'twice',
    text: 'disk: oss1 writes after oss2 had begun to',
  });
});

test('a conflict that a canary has noticed itself is told', () => {
  assert.equal(judge('10.00 disk oss1 aaaa conflict\n')[0]?.type, 'twice');
});

test('a second start on the same host is no conflict, and each disk stands alone', () => {
  const news = judge(`10.00 disk oss1 aaaa started
10.05 other oss2 cccc started
10.10 disk - - stopped
10.20 disk oss1 bbbb started
10.25 other oss2 cccc beat
`);
  assert.deepEqual(
    news.map(({ type }) => type),
    ['taken', 'taken', 'taken'],
  );
});
