// SPDX-License-Identifier: Apache-2.0
/**
 * The manager's two sockets. One is for operators, whom the kernel names; beside it is one at which
 * everybody may look, with limits of its own: a crowd there keeps no operator out.
 */
import type { IncomingMessage } from 'node:http';
import { peerReader, type PeerOf } from '../../runtime/peer-credentials.ts';
import { viewSocketOf } from '../contract.ts';
import type { Door, Visitor } from '../door.ts';
import type { ManagerApi } from '../manager-api.ts';
import { managerRoutes } from '../routes.ts';
import { mayOrder, operatorOf, whoMayOrder, type OperatorGroup } from './operators.ts';
import { serveOnSocket } from './socket-server.ts';

const MAIN_CONNECTIONS_MAX = 256;
/** Longer than any answer may take, that to an order to fence included. */
const MAIN_SILENCE_MS = 900_000;
const VIEW_CONNECTIONS_MAX = 32;
const VIEW_SILENCE_MS = 30_000;

export type DoorKeys = {
  readonly path: string;
  /** Its members may order, too. */
  readonly group: OperatorGroup | undefined;
};

export async function openDoors(api: ManagerApi, keys: DoorKeys): Promise<AsyncDisposable> {
  const { path, group } = keys;
  const peerOf = await peerReader().catch(() => undefined);
  await using opened = new AsyncDisposableStack();
  opened.use(
    await serveOnSocket(managerRoutes(api, mainDoor(keys, peerOf)), path, {
      mode: group === undefined ? 0o600 : 0o660,
      ...(group === undefined ? {} : { gid: group.id }),
      connectionsMax: MAIN_CONNECTIONS_MAX,
      silenceMs: MAIN_SILENCE_MS,
    }),
  );
  opened.use(
    await serveOnSocket(managerRoutes(api, viewDoor(keys)), viewSocketOf(path), {
      mode: 0o666,
      connectionsMax: VIEW_CONNECTIONS_MAX,
      silenceMs: VIEW_SILENCE_MS,
      isForLooking: true,
    }),
  );
  return opened.move();
}

/** Its mode keeps others out already; who reaches it all the same is told where he may look. */
export function mainDoor({ path, group }: DoorKeys, peerOf: PeerOf | undefined): Door {
  const nameless: Visitor = {
    may: 'look',
    why: 'the manager cannot learn from the kernel who asks, so it takes no orders: see why koffi cannot be loaded, and restart it',
  };
  const stranger: Visitor = {
    may: 'nothing',
    why: `this socket is for ${whoMayOrder(group)}; to look, use ${viewSocketOf(path)}`,
  };
  const receive = ({ socket }: IncomingMessage): Visitor => {
    const peer = peerOf?.(socket);
    if (peer === undefined) return nameless;
    if (!mayOrder(peer, group)) return stranger;
    return { may: 'order', sign: (claim) => operatorOf(peer, claim) };
  };
  return { name: 'main', receive: (incoming) => Promise.resolve(receive(incoming)) };
}

/** One look in each turn of the process: hosts and operators are heard in between. */
function viewDoor({ path, group }: DoorKeys): Door {
  const visitor: Visitor = {
    may: 'look',
    why: `this socket is for looking only; orders are for ${whoMayOrder(group)}, at ${path}`,
  };
  let turn = Promise.resolve();
  const receive = (): Promise<Visitor> => {
    turn = turn.then(() => new Promise((resolve) => setImmediate(resolve)));
    return turn.then(() => visitor);
  };
  return { name: 'view', receive };
}
