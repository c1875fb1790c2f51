// SPDX-License-Identifier: Apache-2.0
/** Messages as a peer of an agent's HALO interface sends them: good ones, and ones that no library would. */
import { Message, Struct } from 'capnp-ts';
import { Message as RpcMessage } from 'capnp-ts/src/std/rpc.capnp.js';
import { INTERFACE_ID, OperationParams } from '../../../src/agent/halo/schema.ts';

const WORD_BYTES = 8;

export function rpc(fill: (root: RpcMessage) => void): Buffer {
  const message = new Message();
  fill(message.initRoot(RpcMessage));
  return Buffer.from(message.toArrayBuffer());
}

export function bootstrap(question: number): Buffer {
  return rpc((root) => root.initBootstrap().setQuestionId(question));
}

/** A monitor without parameters; without a kind it is refused. */
export function call(question: number, kind = ''): Buffer {
  return rpc((root) => {
    const asked = root.initCall();
    asked.setQuestionId(question);
    asked.setInterfaceId(INTERFACE_ID);
    asked.initTarget().setImportedCap(0);
    Struct.setText(0, kind, Struct.initStructAt(0, OperationParams, asked.initParams()));
  });
}

/** A message of words, segment by segment. */
export function frame(...segments: (readonly bigint[])[]): Buffer {
  const header = Buffer.alloc(Math.ceil((4 + 4 * segments.length) / WORD_BYTES) * WORD_BYTES);
  header.writeUInt32LE(segments.length - 1, 0);
  for (const [index, words] of segments.entries()) {
    header.writeUInt32LE(words.length, 4 + 4 * index);
  }
  const body = Buffer.alloc(WORD_BYTES * segments.reduce((sum, words) => sum + words.length, 0));
  for (const [index, word] of segments.flat().entries()) {
    body.writeBigUInt64LE(BigInt.asUintN(64, word), WORD_BYTES * index);
  }
  return Buffer.concat([header, body]);
}

/** Offsets are words, counted from the end of the pointer. */
export function structPointer(offset: number, data: number, pointers: number): bigint {
  return low(offset << 2) | (BigInt(data) << 32n) | (BigInt(pointers) << 48n);
}

/** A list of structs: `count` is the number of words, as it stands in the pointer. */
export function listPointer(offset: number, size: number, count: number): bigint {
  return low((offset << 2) | 1) | (((BigInt(count) << 3n) | BigInt(size)) << 32n);
}

export function farPointer(segment: number, word: number, isDouble = false): bigint {
  return low((word << 3) | (isDouble ? 4 : 0) | 2) | (BigInt(segment) << 32n);
}

function low(value: number): bigint {
  return BigInt(value >>> 0);
}

/** What must end the connection of whoever sends it, and nothing else. */
export const BAD_MESSAGES: Readonly<Record<string, Buffer>> = {
  'half a billion segments': Buffer.from([255, 255, 255, 31, 0, 0, 0, 0]),
  'a segment of 32 GiB': Buffer.from([0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0]),
  'a message a little too large': Buffer.from([0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]),
  'no segment that holds a root': frame([]),
  'a root that leads out': frame([structPointer(5, 1, 1)]),
  'a root before the beginning': frame([structPointer(-9, 1, 1), 0n]),
  'a root that is a list': frame([listPointer(0, 2, 8), 0n]),
  'a root that is nothing known': frame([0xffff_ffff_ffff_ffffn]),
  'a far pointer to no segment': frame([farPointer(7, 0)]),
  'a far pointer to itself': frame([farPointer(0, 0)]),
  'a far pointer to a far pointer': frame([farPointer(1, 0)], [farPointer(0, 0)]),
  'a far pointer to half a landing pad': frame([farPointer(1, 0, true)], [farPointer(0, 0)]),
  'a landing pad without a tag': frame(
    [farPointer(1, 0, true)],
    [farPointer(0, 0), farPointer(0, 0)],
  ),
  'a struct that holds itself': frame([structPointer(0, 0, 1), structPointer(-1, 0, 1)]),
  'structs that hold each other': frame([
    structPointer(0, 0, 2),
    structPointer(-1, 0, 2),
    structPointer(-2, 0, 2),
  ]),
  'a list of nothing, half a billion long': frame([
    structPointer(0, 0, 1),
    listPointer(0, 0, 0x1fff_ffff),
  ]),
  'a list of empty structs, a quarter of a billion long': frame([
    structPointer(0, 0, 1),
    listPointer(0, 7, 0),
    structPointer(0x0fff_ffff, 0, 0),
  ]),
  'a list that is longer than its room': frame([
    structPointer(0, 0, 1),
    listPointer(0, 7, 1),
    structPointer(4, 1, 0),
    0n,
  ]),
  'structs nested a hundred deep': frame(
    Array.from({ length: 100 }, () => structPointer(0, 0, 1)).concat(0n),
  ),
  'a kind of message from the future': rpc((root) => root.initProvide()),
  'an abort': rpc((root) => root.initAbort().setReason('enough')),
};

/** What is refused to the caller and ends nothing: the calls that it answers are numbered from 1 on. */
export const BAD_CALLS: Readonly<Record<string, Buffer>> = {
  'a capability that is not there': rpc((root) => {
    const asked = root.initCall();
    asked.setQuestionId(1);
    asked.initTarget().setImportedCap(5);
  }),
  'an answer that is not there': rpc((root) => {
    const asked = root.initCall();
    asked.setQuestionId(1);
    asked.initTarget().initPromisedAnswer().setQuestionId(77);
  }),
  'a field of the bootstrap': rpc((root) => {
    const asked = root.initCall();
    asked.setQuestionId(1);
    const promised = asked.initTarget().initPromisedAnswer();
    promised.initTransform(1).get(0).setGetPointerField(9);
  }),
  'another interface': rpc((root) => {
    const asked = root.initCall();
    asked.setQuestionId(1);
    asked.setInterfaceId(1n);
    asked.initTarget().setImportedCap(0);
  }),
  'results for somebody else': rpc((root) => {
    const asked = root.initCall();
    asked.setQuestionId(1);
    asked.setInterfaceId(INTERFACE_ID);
    asked.initTarget().setImportedCap(0);
    asked.getSendResultsTo().setYourself();
  }),
};
