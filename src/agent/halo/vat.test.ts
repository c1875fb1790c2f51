// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Message } from 'capnp-ts';
import { Message as RpcMessage, type Return } from 'capnp-ts/src/std/rpc.capnp.js';
import fc from 'fast-check';
import {
  BAD_CALLS,
  BAD_MESSAGES,
  bootstrap,
  call,
  rpc,
} from '../../../test/component/halo-peer/raw-messages.ts';
import { Frames } from './frames.ts';
import type { HaloAnswer } from './schema.ts';
import { Vat } from './vat.ts';

type Asked = { answer: (answer: HaloAnswer) => void; readonly nobodyWaits: AbortSignal };

/** A vat whose calls are answered by the test. */
function newVat(): { vat: Vat; take: (bytes: Uint8Array) => void; sent: Buffer[]; asked: Asked[] } {
  const sent: Buffer[] = [];
  const asked: Asked[] = [];
  const vat = new Vat({
    send: (bytes) => sent.push(Buffer.from(bytes)),
    operate: (_, nobodyWaits) =>
      new Promise((resolve) => asked.push({ answer: resolve, nobodyWaits })),
  });
  const take = (bytes: Uint8Array): void => {
    const frames = new Frames();
    frames.push(bytes);
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) vat.take(frame);
  };
  return { vat, take, sent, asked };
}

function returnIn(bytes: Buffer | undefined): Return {
  assert.ok(bytes !== undefined, 'there is an answer');
  return new Message(bytes, false).getRoot(RpcMessage).getReturn();
}

test('no message from outside does more than end its own connection', () => {
  for (const [what, bytes] of Object.entries(BAD_MESSAGES)) {
    const { take, asked } = newVat();
    assert.throws(() => take(bytes), Error, what);
    assert.equal(asked.length, 0);
  }
});

test('a call that cannot be is refused to its caller only', () => {
  for (const [what, bytes] of Object.entries(BAD_CALLS)) {
    const { take, sent, asked } = newVat();
    take(bootstrap(0));
    take(bytes);
    const refused = returnIn(sent[1]);
    assert.equal(refused.getAnswerId(), 1, what);
    assert.ok(refused.isException(), what);
    take(call(2));
    assert.equal(asked.length, 1, what);
  }
});

test('calls are answered in any order, and a number is free again after its answer', async () => {
  const { take, sent, asked, vat } = newVat();
  take(Buffer.concat([bootstrap(0), call(1), call(2)]));
  assert.equal(vat.callsUnderWay, 2);
  assert.throws(() => take(call(1)), /asked twice/);
  asked[1]?.answer({ type: 'ok' });
  await new Promise(setImmediate);
  assert.equal(returnIn(sent[1]).getAnswerId(), 2);
  take(call(2));
  assert.equal(vat.callsUnderWay, 2);
});

test('whoever gives a call up is answered all the same, and the call hears of it', async () => {
  const { take, sent, asked, vat } = newVat();
  take(Buffer.concat([bootstrap(0), call(1), call(2)]));
  take(rpc((root) => root.initFinish().setQuestionId(1)));
  assert.ok(asked[0]?.nobodyWaits.aborted);
  assert.ok(!asked[1]?.nobodyWaits.aborted);
  vat.close();
  assert.ok(asked[1]?.nobodyWaits.aborted);
  asked[0]?.answer({ type: 'error', text: 'x' });
  await new Promise(setImmediate);
  assert.equal(returnIn(sent[1]).getAnswerId(), 1);
});

test('a peer that asks for the capability again and again is stopped', () => {
  const { take } = newVat();
  const all = Array.from({ length: 65 }, (_, question) => bootstrap(question));
  assert.throws(() => take(Buffer.concat(all)), /Too many/);
});

test('a good message with any of its bytes changed costs nothing', () => {
  const good = Buffer.concat([bootstrap(0), call(1)]);
  const change = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      const { take } = newVat();
      const bytes = Buffer.from(good);
      for (const [place, value] of changes) bytes[place] = value;
      const begunAt = performance.now();
      try {
        take(bytes);
      } catch {
        // Refused: that is one way.
      }
      assert.ok(performance.now() - begunAt < 500);
    }),
    { numRuns: 2_000 },
  );
});
