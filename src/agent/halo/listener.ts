// SPDX-License-Identifier: Apache-2.0
/**
 * HALO's interface on a port of its own, so that HALO's manager can drive this host while hosts are
 * moved over one by one. Loaded only where it is asked for.
 */
import { Connections } from '../connections.ts';
import { complaints } from '../complaints.ts';
import { listenTcp, type ListenOptions, type Listening } from '../tcp-server.ts';
import { HaloCalls, type HaloCallsOptions } from './calls.ts';
import { HaloConnection } from './connection.ts';

/** HALO's manager keeps one, and opens another for a moment to see whether we live. */
const LIMITS = { max: 96, perAddressMax: 32 };

export async function listenForHalo(
  where: ListenOptions,
  options: HaloCallsOptions,
): Promise<Listening> {
  const connections = new Connections(LIMITS);
  const calls = new HaloCalls(options);
  const complain = complaints(options.log);
  return await listenTcp(where, connections, (socket) => {
    const from = socket.remoteAddress;
    new HaloConnection(socket, {
      operate: (call, nobodyWaits) => calls.operate(call, nobodyWaits),
      // Never closed to make room: HALO's manager would take that for the end of this host.
      onSpoken: () => connections.begin(socket),
      onFault: (reason) => complain({ from, reason }),
    });
  });
}
