// SPDX-License-Identifier: Apache-2.0
/** Where an agent is looked for. Apart from its API, so that a command that asks no agent need not load that. */
export const DEFAULT_PORT = 8_000;
