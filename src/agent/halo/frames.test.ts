// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frame } from '../../../test/component/halo-peer/raw-messages.ts';
import { FRAME_BYTES_MAX, Frames, SEGMENTS_MAX } from './frames.ts';

function header(...sizes: number[]): Buffer {
  const bytes = Buffer.alloc(Math.ceil((4 + 4 * sizes.length) / 8) * 8);
  for (const [index, value] of [sizes.length - 1, ...sizes].entries()) {
    bytes.writeUInt32LE(value, 4 * index);
  }
  return bytes;
}

test('however a stream is cut, the same messages come out of it', () => {
  const words = fc.array(fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }), { maxLength: 300 });
  const messages = fc.array(fc.array(words, { minLength: 1, maxLength: 5 }), { maxLength: 6 });
  const cuts = fc.array(fc.integer({ min: 1, max: 999 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(messages, cuts, (sent, sizes) => {
      const expected = sent.map((segments) => frame(...segments));
      const stream = Buffer.concat(expected);
      const frames = new Frames();
      const got: Buffer[] = [];
      for (let from = 0, turn = 0; from < stream.length; turn += 1) {
        const to = from + (sizes[turn % sizes.length] ?? 1);
        frames.push(stream.subarray(from, to));
        from = to;
        for (let one = frames.next(); one !== undefined; one = frames.next()) {
          got.push(Buffer.from(one.bytes));
        }
      }
      assert.deepEqual(got, expected);
      assert.equal(frames.waitingBytes, 0);
    }),
  );
});

test('a message has its segments, and belongs to whoever has got it', () => {
  const frames = new Frames();
  frames.push(frame([1n, 2n], [], [3n]));
  const got = frames.next();
  frames.push(frame([9n], [9n], [9n, 9n]));
  const values = got?.segments.map((view) =>
    view.byteLength > 0 ? view.getBigUint64(0, true) : 0n,
  );
  assert.deepEqual(values, [1n, 0n, 3n]);
});

test('what a header promises beyond the bounds is refused before it has arrived', () => {
  const bounds: readonly (readonly [Buffer, boolean])[] = [
    [header(...Array.from({ length: SEGMENTS_MAX }, () => 0)), true],
    [header(...Array.from({ length: SEGMENTS_MAX + 1 }, () => 0)), false],
    [header(FRAME_BYTES_MAX / 8 - 1), true],
    [header(FRAME_BYTES_MAX / 8), false],
    [header(0xffff_ffff, 0xffff_ffff), false],
  ];
  for (const [bytes, isGood] of bounds) {
    const frames = new Frames();
    frames.push(bytes);
    if (isGood) frames.next();
    else assert.throws(() => frames.next(), /is refused/);
  }
});
