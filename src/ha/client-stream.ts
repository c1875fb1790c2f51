// SPDX-License-Identifier: Apache-2.0
/** Takes server-sent events out of a body: fields of lines, an empty line after each message. */

export type SentEvent = { readonly event: string; readonly data: string };

/** `heard` is called for every piece of the body, comments that keep the line alive included. */
export async function* readMessages(
  body: AsyncIterable<unknown>,
  bytesMax: number,
  heard: () => void,
): AsyncGenerator<SentEvent> {
  const decoder = new TextDecoder();
  let lines: string[] = [];
  let line = '';
  let length = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    heard();
    length += chunk.length;
    if (length > bytesMax) throw new Error(`a message is larger than ${bytesMax} bytes`);
    const pieces = decoder.decode(chunk, { stream: true }).split('\n');
    for (const [index, piece] of pieces.entries()) {
      line += piece;
      // The last piece is the beginning of a line that goes on in the next chunk.
      if (index === pieces.length - 1) break;
      const ended = line.replace(/\r$/, '');
      line = '';
      if (ended !== '') {
        lines.push(ended);
        continue;
      }
      const message = parseMessage(lines);
      lines = [];
      length = 0;
      if (message !== undefined) yield message;
    }
  }
}

function parseMessage(lines: readonly string[]): SentEvent | undefined {
  const valuesOf = (name: string): string[] =>
    lines
      .filter((line) => line.startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).replace(/^ /, ''));
  const data = valuesOf('data');
  if (data.length === 0) return undefined;
  return { event: valuesOf('event').at(-1) ?? 'message', data: data.join('\n') };
}
