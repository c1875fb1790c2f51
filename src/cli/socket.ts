// SPDX-License-Identifier: Apache-2.0
/** Which manager to speak to: the one that is named, the one of this machine, or the demo's. */
import { lstatSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DEFAULT_SOCKET, namedSocket } from '../ha/places.ts';
import { settings, type FindSetting } from '../runtime/settings.ts';

export type ChosenSocket = { readonly path: string; readonly isDemo: boolean };

export type SocketSurroundings = {
  readonly find: FindSetting;
  readonly uid: number;
  readonly defaultSocket: string;
  readonly demoSocket: string;
};

export function surroundings(): SocketSurroundings {
  const uid = process.getuid?.() ?? -1;
  const folder = uid === 0 ? '/run/aureole-demo' : join(tmpdir(), `aureole-demo-${uid}`);
  const demoSocket = join(folder, 'manager.sock');
  return { find: settings(), uid, defaultSocket: DEFAULT_SOCKET, demoSocket };
}

export function chooseSocket(
  named: string | undefined,
  { find, uid, defaultSocket, demoSocket }: SocketSurroundings,
): ChosenSocket {
  const path = namedSocket(named, find);
  if (path !== undefined) return { path, isDemo: false };
  const isDemo = statOf(defaultSocket) === undefined && isOwnSocket(demoSocket, uid);
  return { path: isDemo ? demoSocket : defaultSocket, isDemo };
}

/** In a shared folder for temporary files anybody could have put it there: folder and socket must be ours. */
function isOwnSocket(path: string, uid: number): boolean {
  const folder = statOf(dirname(path));
  const socket = statOf(path);
  if (folder?.uid !== uid || !folder.isDirectory() || (folder.mode & 0o022) !== 0) return false;
  return socket?.uid === uid && socket.isSocket();
}

/** Also undefined where this user may not look: then there is nothing for him to use. */
function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
