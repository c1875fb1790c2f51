// SPDX-License-Identifier: Apache-2.0
/** What is measured of the HA plane, the short ones first. README.md says how. */
import type { Bench } from '../bench.ts';
import { agentBench } from './agent.ts';
import { coreStepBench } from './core-step.ts';
import { detectionCutBench, detectionFrozenBench, detectionPowerLossBench } from './detection.ts';
import { falseAlarmsBench } from './false-alarms.ts';
import { failoverBench } from './failover.ts';
import { pacemakerBench } from './pacemaker/pacemaker.ts';
import { SCALE_1000, SCALE_256 } from './scale.ts';
import { simulationBench } from './simulation.ts';

export const HA_BENCHES: readonly Bench[] = [
  simulationBench,
  coreStepBench,
  agentBench,
  detectionFrozenBench,
  detectionCutBench,
  detectionPowerLossBench,
  failoverBench,
  pacemakerBench,
  SCALE_256,
  SCALE_1000,
  falseAlarmsBench,
];
