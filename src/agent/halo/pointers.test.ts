// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Message } from 'capnp-ts';
import {
  BAD_MESSAGES,
  bootstrap,
  call,
  farPointer,
  frame,
  listPointer,
  structPointer,
} from '../../../test/component/halo-peer/raw-messages.ts';
import { Frames, type Frame } from './frames.ts';
import { checkPointers } from './pointers.ts';
import { OperationParams, readCall } from './schema.ts';

const FOLLOWED = /far pointer|landing pad|leads out|again and again|longer than|deeply/;

function frameOf(bytes: Buffer): Frame {
  const frames = new Frames();
  frames.push(bytes);
  const got = frames.next();
  assert.ok(got !== undefined);
  return got;
}

/** Up to eight letters, the last of them a zero. */
function text(letters: string): bigint {
  return Buffer.from(letters.padEnd(8, '\0')).readBigUInt64LE();
}

/** A start of a kind with one parameter, in five segments. */
function spread(): Frame {
  return frameOf(
    frame(
      [farPointer(1, 0, true)],
      [farPointer(2, 0), structPointer(0, 1, 2)],
      [1n, farPointer(3, 0), farPointer(4, 0)],
      [listPointer(0, 2, 8), text('a/bcdef')],
      [
        listPointer(0, 7, 2),
        structPointer(1, 0, 2),
        listPointer(1, 2, 5),
        listPointer(1, 2, 2),
        text('pool'),
        text('1'),
      ],
    ),
  );
}

test('what is spread over segments is found, by far pointers and by double ones', () => {
  const { bytes, segments } = spread();
  checkPointers(segments);
  const params = new Message(bytes, false).getRoot(OperationParams);
  const expected = { kind: 'a/bcdef', operation: 'start', parameters: { pool: '1' } };
  assert.deepEqual(readCall(params), expected);
});

test('a message that points to the same words again and again is refused, far or near', () => {
  const thrice = (one: readonly bigint[]): Frame =>
    frameOf(frame([structPointer(0, 0, 3), ...one, 0n, 0n], [listPointer(0, 5, 1), 0n]));
  const near = [listPointer(2, 5, 2), listPointer(1, 5, 2), listPointer(0, 5, 2)];
  const far = [farPointer(1, 0), farPointer(1, 0), farPointer(1, 0)];
  for (const pointers of [near, far]) {
    assert.throws(() => checkPointers(thrice(pointers).segments), /again and again/);
  }
});

test('what the library writes itself is good', () => {
  for (const bytes of [bootstrap(0), call(1)]) checkPointers(frameOf(bytes).segments);
});

test('what could make a reader go astray or count for ever is found', () => {
  const pointers = Object.entries(BAD_MESSAGES).filter(([what]) =>
    /far pointer|landing pad|holds|hold each|half a billion long|quarter|longer|nested/.test(what),
  );
  assert.ok(pointers.length >= 10);
  for (const [what, bytes] of pointers) {
    const { segments } = frameOf(bytes);
    assert.throws(() => checkPointers(segments), FOLLOWED, what);
  }
});
