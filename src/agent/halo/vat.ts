// SPDX-License-Identifier: Apache-2.0
/**
 * Our end of one Cap'n Proto RPC connection, as far as HALO's interface needs it: one capability, asked
 * for by Bootstrap, with one method. It answers calls in any order, holds nothing of a peer but the
 * calls that are under way, and never calls back. What goes beyond that ends the connection by Abort.
 */
import { Message, Struct } from 'capnp-ts';
import {
  Call_SendResultsTo_Which as SendResultsTo,
  Exception_Type as ExceptionType,
  Message as RpcMessage,
  Message_Which as Which,
  MessageTarget_Which as TargetWhich,
  type Call,
  type Return,
} from 'capnp-ts/src/std/rpc.capnp.js';
import { messageOf } from '../../kernel/error.ts';
import type { Frame } from './frames.ts';
import { checkPointers } from './pointers.ts';
import {
  INTERFACE_ID,
  OPERATION_METHOD,
  OperationParams,
  OperationResults,
  readCall,
  writeAnswer,
  type HaloAnswer,
  type HaloCall,
} from './schema.ts';

export type VatPorts = {
  /** Must not throw. The signal: nobody waits for the answer any more. */
  readonly operate: (call: HaloCall, signal: AbortSignal) => Promise<HaloAnswer>;
  readonly send: (bytes: Uint8Array) => void;
};

/** The one capability that we offer. */
const MAIN = 0;
/** HALO asks once for each connection; each question is remembered, so that calls can be built upon it. */
const BOOTSTRAPS_MAX = 64;

export class Vat {
  readonly #ports: VatPorts;
  readonly #bootstraps = new Set<number>();
  readonly #calls = new Map<number, AbortController>();

  constructor(ports: VatPorts) {
    this.#ports = ports;
  }

  get callsUnderWay(): number {
    return this.#calls.size;
  }

  /** Takes in one message. Throws if the connection is of no use any more. */
  take(frame: Frame): void {
    checkPointers(frame.segments);
    const message = new Message(frame.bytes, false).getRoot(RpcMessage);
    const which = message.which();
    switch (which) {
      case Which.BOOTSTRAP:
        return this.#bootstrap(message.getBootstrap().getQuestionId());
      case Which.CALL:
        return this.#call(message.getCall());
      case Which.FINISH: {
        const question = message.getFinish().getQuestionId();
        this.#bootstraps.delete(question);
        this.#calls.get(question)?.abort();
        return;
      }
      case Which.RELEASE: // Our capability lives as long as the connection.
      case Which.RETURN: // We have asked nothing,
      case Which.RESOLVE: // and hold nothing of the peer's;
      case Which.UNIMPLEMENTED: // it has not understood what it may do without.
        return;
      case Which.ABORT:
        throw new Error(`The peer gave up: ${message.getAbort().getReason()}`);
      case Which.DISEMBARGO:
      case Which.PROVIDE:
      case Which.ACCEPT:
      case Which.JOIN:
      case Which.OBSOLETE_SAVE:
      case Which.OBSOLETE_DELETE:
        break;
    }
    throw new Error(`Messages of kind ${which} are not understood here.`);
  }

  /** The last word to a peer that cannot be understood. */
  abort(reason: string): void {
    const message = new Message();
    message.initRoot(RpcMessage).initAbort().setReason(reason);
    this.#send(message);
  }

  /** Nobody waits for any answer. What runs goes on. */
  close(): void {
    for (const call of this.#calls.values()) call.abort();
  }

  #bootstrap(question: number): void {
    if (this.#bootstraps.size >= BOOTSTRAPS_MAX) throw new Error('Too many bootstraps.');
    this.#bootstraps.add(question);
    this.#answer(question, (answer) => {
      const payload = answer.initResults();
      payload.initCapTable(1).get(0).setSenderHosted(MAIN);
      // A capability is a pointer of kind 3 and its place in the table.
      const content = payload.getContent();
      content.segment.setUint32(content.byteOffset, 3);
    });
  }

  #call(call: Call): void {
    const question = call.getQuestionId();
    if (this.#calls.has(question)) throw new Error(`Question ${question} is asked twice.`);
    const fault = this.#faultOf(call);
    if (fault !== undefined) return this.#refuse(question, fault, ExceptionType.UNIMPLEMENTED);
    let wanted: HaloCall;
    try {
      wanted = readCall(Struct.getStruct(0, OperationParams, call.getParams()));
    } catch (error) {
      return this.#refuse(question, messageOf(error), ExceptionType.FAILED);
    }
    const nobodyWaits = new AbortController();
    this.#calls.set(question, nobodyWaits);
    void this.#ports.operate(wanted, nobodyWaits.signal).then((answer) => {
      this.#calls.delete(question);
      // Told after a Finish, too: only then may the peer use the number again.
      this.#answer(question, (to) => {
        writeAnswer(answer, Struct.initStructAt(0, OperationResults, to.initResults()));
      });
    });
  }

  /** Why the call is none of ours. */
  #faultOf(call: Call): string | undefined {
    if (call.getSendResultsTo().which() !== SendResultsTo.CALLER) {
      return 'Results go to the caller only.';
    }
    const target = call.getTarget();
    if (target.which() === TargetWhich.IMPORTED_CAP) {
      if (target.getImportedCap() !== MAIN) return `There is no capability here by that number.`;
    } else {
      const { questionId, transform } = target.getPromisedAnswer();
      const isMain = this.#bootstraps.has(questionId) && transform.getLength() === 0;
      if (!isMain) return 'There is no capability in that answer.';
    }
    if (call.getInterfaceId() !== INTERFACE_ID || call.getMethodId() !== OPERATION_METHOD) {
      return `There is no method ${call.getMethodId()} of ${call.getInterfaceId().toString(16)} here.`;
    }
    return undefined;
  }

  #refuse(question: number, reason: string, type: ExceptionType): void {
    this.#answer(question, (answer) => {
      const exception = answer.initException();
      exception.setReason(reason);
      exception.setType(type);
    });
  }

  #answer(question: number, fill: (answer: Return) => void): void {
    const message = new Message();
    const answer = message.initRoot(RpcMessage).initReturn();
    answer.setAnswerId(question);
    fill(answer);
    this.#send(message);
  }

  #send(message: Message): void {
    this.#ports.send(new Uint8Array(message.toArrayBuffer()));
  }
}
