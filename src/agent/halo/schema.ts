// SPDX-License-Identifier: Apache-2.0
/**
 * HALO's interface as its Cap'n Proto schema has it, bound by hand: one interface with one method,
 * and what goes in and out of it. The numbers are offsets and sizes on the wire.
 */
import { CompositeList, ObjectSize, Struct } from 'capnp-ts';
import type { Operation } from '../contract.ts';

export const INTERFACE_ID = 0xa5e953dbf2f8dbfen;
export const OPERATION_METHOD = 0;

/** What HALO's manager asks for: everything that it tells about a resource. */
export type HaloCall = {
  readonly kind: string;
  readonly operation: Operation;
  readonly parameters: Readonly<Record<string, string>>;
};

/** How it ended, in HALO's terms. */
export type HaloAnswer =
  /** The script ran and exited with 0. */
  | { readonly type: 'ok' }
  /** It ran and exited otherwise; the text is its standard error. */
  | { readonly type: 'failed'; readonly code: number; readonly text: string }
  /** It was not run, or nobody knows how it ended. */
  | { readonly type: 'error'; readonly text: string };

/** By their numbers on the wire. */
const HALO_OPERATIONS: readonly Operation[] = ['monitor', 'start', 'stop'];
const PARAMETERS_MAX = 256;

class Argument extends Struct {
  static override readonly _capnp = describe('Argument', '89bada890c7f2d67', 0, 2);
}

const Arguments = CompositeList(Argument);

/** `operation$Params`: resource, op, args. */
export class OperationParams extends Struct {
  static override readonly _capnp = describe('operation$Params', 'a1dd6bdcca320b16', 8, 2);
}

export class OcfError extends Struct {
  static override readonly _capnp = describe('OcfError', 'a16990fdc129eebb', 8, 1);
}

export class InnerResult extends Struct {
  static override readonly _capnp = describe('InnerResult', 'e9aad0e09a82cd46', 8, 1);
}

export class Result extends Struct {
  static override readonly _capnp = describe('Result', 'a656b245120548b6', 8, 1);
}

/** `operation$Results`: result. */
export class OperationResults extends Struct {
  static override readonly _capnp = describe('operation$Results', 'c47a9b2cf72e0d0a', 0, 1);
}

/** Throws what is wrong with it. */
export function readCall(params: OperationParams): HaloCall {
  const number = Struct.getUint16(0, params);
  const operation = HALO_OPERATIONS[number];
  if (operation === undefined) throw new Error(`There is no operation ${number}.`);
  const list = Struct.getList(1, Arguments, params);
  const count = list.getLength();
  if (count > PARAMETERS_MAX) throw new Error(`${count} parameters are too many.`);
  const parameters = Array.from({ length: count }, (_, index) => {
    const argument = list.get(index);
    return [textOf(argument, 0), textOf(argument, 1)] as const;
  });
  return { kind: textOf(params, 0), operation, parameters: Object.fromEntries(parameters) };
}

export function writeAnswer(answer: HaloAnswer, results: OperationResults): void {
  const result = Struct.initStructAt(0, Result, results);
  if (answer.type === 'error') {
    Struct.setUint16(0, 1, result);
    Struct.setText(0, answer.text, result);
    return;
  }
  const inner = Struct.initStructAt(0, InnerResult, result);
  if (answer.type === 'ok') return;
  Struct.setUint16(0, 1, inner);
  const error = Struct.initStructAt(0, OcfError, inner);
  Struct.setInt32(0, answer.code, error);
  Struct.setText(0, answer.text, error);
}

/** Text is a list of bytes that ends with a zero; the library reads text less strictly than bytes. */
function textOf(struct: Struct, index: number): string {
  const bytes = Struct.getData(index, struct).toUint8Array();
  if (bytes.length > 0 && bytes.at(-1) !== 0) throw new Error('A text has no end.');
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, -1));
}

function describe(
  displayName: string,
  id: string,
  dataBytes: number,
  pointers: number,
): { displayName: string; id: string; size: ObjectSize } {
  return { displayName, id, size: new ObjectSize(dataBytes, pointers) };
}
