// SPDX-License-Identifier: Apache-2.0
/**
 * How `aureole demo cut oss1` in another terminal reaches the demo that runs: one line of JSON each
 * way over a Unix socket.
 */
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { AureoleError, messageOf } from '../kernel/error.ts';
import { ACTS } from './cluster.ts';

export const Wish = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('act'), act: z.enum(ACTS), host: z.string().max(64) }),
  z.strictObject({ type: z.literal('kill-manager') }),
]);
export type Wish = z.infer<typeof Wish>;

const Answer = z.strictObject({ done: z.boolean(), text: z.string() });
type Answer = z.infer<typeof Answer>;

const ANSWER_DEADLINE_MS = 30_000;
const LINE_LENGTH_MAX = 1_024;

/** `fulfil` gives the text to show; what it throws is shown as well. Ends with the signal. */
export async function serveControl(
  path: string,
  fulfil: (wish: Wish) => Promise<string>,
  signal: AbortSignal,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(ANSWER_DEADLINE_MS, () => socket.destroy());
    void readLine(socket)
      .then((line) => answerTo(line, fulfil))
      .then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
  });
  server.listen({ path, signal });
  await once(server, 'listening');
  signal.addEventListener('abort', () => {
    for (const socket of sockets) socket.destroy();
  });
}

export async function askDemo(path: string, wish: Wish): Promise<string> {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) });
  } catch (cause) {
    throw new AureoleError(
      'No demo is running here for you. Start it in another terminal: npm start',
      { code: 'demo-not-running' },
      { effect: 'none', cause },
    );
  }
  socket.setTimeout(ANSWER_DEADLINE_MS, () => socket.destroy());
  socket.write(`${JSON.stringify(wish)}\n`);
  const line = await readLine(socket);
  socket.destroy();
  const answer = Answer.safeParse(parseJson(line));
  if (answer.success && answer.data.done) return answer.data.text;
  throw new AureoleError(
    answer.success ? answer.data.text : 'The demo ended, or did not answer in time',
    { code: 'demo-refused' },
    { effect: answer.success ? 'none' : 'unknown' },
  );
}

async function answerTo(line: string, fulfil: (wish: Wish) => Promise<string>): Promise<Answer> {
  const wish = Wish.safeParse(parseJson(line));
  if (!wish.success) return { done: false, text: z.prettifyError(wish.error) };
  try {
    return { done: true, text: await fulfil(wish.data) };
  } catch (error) {
    return { done: false, text: messageOf(error) };
  }
}

/** Empty if the other side went away before it had written one. */
async function readLine(socket: Socket): Promise<string> {
  socket.on('error', () => socket.destroy());
  for await (const line of createInterface({ input: socket })) {
    return line.slice(0, LINE_LENGTH_MAX);
  }
  return '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
