// SPDX-License-Identifier: Apache-2.0
/**
 * HTTP/1.1 as an agent of ours answers it, and nothing more: one answer to each question, its length
 * given. node:http, which takes in all that HTTP may be, was most of what a poll cost (160 of 230 us of
 * CPU, now 60); with a thousand agents there are four thousand a second.
 */
export type HttpQuestion = {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly body?: unknown;
};

export type HttpAnswer = {
  readonly status: number;
  readonly body: string;
  /** The agent closes the connection after it. */
  readonly isLast: boolean;
};

export class NotHttpError extends Error {
  readonly code = 'not-http';
}

/** Outputs of many resources; an agent of ours stays far below. */
const BODY_BYTES_MAX = 32 * 1_048_576;
const HEAD_BYTES_MAX = 16_384;
const HEAD_END = '\r\n\r\n';
const VERSION = 'HTTP/1.1 ';

export function textOf({ method, path, body }: HttpQuestion, host: string): string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n`;
  if (body === undefined) return `${head}\r\n`;
  const text = JSON.stringify(body);
  const lengthBytes = Buffer.byteLength(text);
  return `${head}Content-Type: application/json\r\nContent-Length: ${lengthBytes}\r\n\r\n${text}`;
}

type Head = { readonly status: number; readonly bodyBytes: number; readonly isLast: boolean };

/** Reads one answer, in as many pieces as it comes. */
export class AnswerReader {
  #head: Head | undefined;
  #pieces: Buffer[] = [];
  #sizeBytes = 0;

  /** The first part of it has come, and made sense. */
  get hasBegun(): boolean {
    return this.#head !== undefined;
  }

  /** The answer, once all of it is there. Throws a NotHttpError. */
  take(piece: Buffer): HttpAnswer | undefined {
    this.#pieces.push(piece);
    this.#sizeBytes += piece.length;
    this.#head ??= this.#readHead();
    if (this.#head === undefined) return undefined;
    const { status, bodyBytes, isLast } = this.#head;
    if (this.#sizeBytes < bodyBytes) return undefined;
    if (this.#sizeBytes > bodyBytes) throw new NotHttpError('more came than one answer');
    return { status, isLast, body: this.#joined().toString() };
  }

  #joined(): Buffer {
    const [first] = this.#pieces;
    return first !== undefined && this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces);
  }

  /** What comes after the head is kept as the first piece of the body. */
  #readHead(): Head | undefined {
    const bytes = this.#joined();
    if (!VERSION.startsWith(bytes.toString('latin1', 0, VERSION.length)))
      throw new NotHttpError('it does not begin as an answer does');
    const end = bytes.indexOf(HEAD_END);
    if (end > HEAD_BYTES_MAX || (end < 0 && bytes.length > HEAD_BYTES_MAX))
      throw new NotHttpError(`its head is longer than ${HEAD_BYTES_MAX} bytes`);
    const rest = end < 0 ? bytes : bytes.subarray(end + HEAD_END.length);
    this.#pieces = [rest];
    this.#sizeBytes = rest.length;
    return end < 0 ? undefined : parseHead(bytes.toString('latin1', 0, end));
  }
}

function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const status = /^HTTP\/1\.1 ([2-5]\d\d)(?: [^\r\n\0]*)?$/.exec(first)?.[1];
  if (status === undefined) throw new NotHttpError('its first line gives no status');
  let length: string | undefined;
  let isLast = false;
  for (const line of lines) {
    const [, name, value = ''] =
      /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined) throw new NotHttpError('a line of its head is no field');
    switch (name.toLowerCase()) {
      case 'content-length':
        if (length !== undefined) throw new NotHttpError('it gives its length twice');
        length = value;
        break;
      case 'transfer-encoding':
        throw new NotHttpError('it does not give its length');
      case 'connection':
        isLast = value.toLowerCase() !== 'keep-alive';
        break;
      default:
      // The rest is for others.
    }
  }
  if (length === undefined) throw new NotHttpError('it does not give its length');
  const bodyBytes = /^\d{1,9}$/.test(length) ? Number(length) : Infinity;
  if (bodyBytes > BODY_BYTES_MAX) throw new NotHttpError('the answer is too long');
  return { status: Number(status), bodyBytes, isLast };
}
