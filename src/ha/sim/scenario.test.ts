// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playScenario } from './scenario.ts';

test('outcomes are written below their blocks, and prose stays', () => {
  const text = '# Why.\ncluster pair\nrunning\n\n# And then.\nwait 5s   # a while\n';
  assert.equal(playScenario(text), `${text}----\nnothing happens\n`);
});

test('an outcome that is not true any more is written anew', () => {
  const stale =
    'cluster pair\n\nstatus\n----\nall is well\nsays who?\n\nwait 1s\n----\nnothing happens\n';
  assert.equal(playScenario(stale), stale.replace('all is well\nsays who?', 'no manager is there'));
});

test('a scenario that was played comes out the same when it is played again', () => {
  const once = playScenario('cluster pair\nrunning\n\npower cut oss2\nwait 30s\n\nstatus\n');
  assert.match(once, /host\.off {2}oss2/);
  assert.equal(playScenario(once), once);
});

test('a mistake is told with its line and with what may stand there', () => {
  const mistakes = [
    ['cluster duo', /line 1: cluster duo: no such cluster: duo; there are pair,/],
    ['explode oss1', /line 1: no such directive: explode; there are cluster,/],
    ['cluster pair\nset colour blue\nrunning', /line 3: running: no such setting: colour/],
    ['cluster pair\n\npower cut oss9', /line 3: power cut oss9: no such host: oss9/],
    ['cluster pair\nwait long', /line 2: wait long: not a duration: long/],
    ['cluster pair\ncable bite oss1', /line 2: .*"bite" is none of cut, mend/],
    ['cluster pair\nhand start ost9 on oss1', /line 2: .*no such resource: ost9/],
    ['cluster pair\nscript start ost9 on oss1 fails', /line 2: .*no such resource: ost9/],
    ['cluster pair\naureole fence', /line 2: aureole fence: name the target/],
  ] as const;
  for (const [text, message] of mistakes) assert.throws(() => playScenario(text), { message });
});
