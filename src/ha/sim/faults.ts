// SPDX-License-Identifier: Apache-2.0
/** The faults that a storm may have. */

/** Each fault with its highest probability: a moment of misfortune comes every five seconds. */
export const FAULTS = {
  cut: 0.2,
  cutOneWay: 0.15,
  managerPath: 0.15,
  delay: 0.02,
  late: 0.5,
  freeze: 0.2,
  powerCut: 0.1,
  supplyCut: 0.15,
  reboot: 0.1,
  agentKill: 0.25,
  resourceDies: 0.3,
  scriptSlow: 0.3,
  scriptHangs: 0.2,
  scriptUnkillable: 0.3,
  scriptFails: 0.25,
  monitorFails: 0.01,
  managerCrash: 0.1,
  crashInStep: 0.05,
  managerStall: 0.1,
  slowDisk: 0.05,
  deviceSilent: 0.3,
  deviceFails: 0.3,
  deviceFault: 0.6,
  miswired: 1,
  orders: 0.5,
  handMoves: 0.5,
  secondManager: 0.03,
  agentGarbled: 0.15,
} as const;
export type FaultName = keyof typeof FAULTS;

/** What makes a group fail by itself. */
export const SCRIPT_FAULTS: readonly FaultName[] = [
  'resourceDies',
  'scriptSlow',
  'scriptHangs',
  'scriptUnkillable',
  'scriptFails',
  'monitorFails',
  'handMoves',
  'secondManager',
];
