// SPDX-License-Identifier: Apache-2.0
/** The agent alone: what a host needs that has neither manager nor command line. */
import manifest from '../../package.json' with { type: 'json' };
import { agentCommand } from '../agent/commands/agent.ts';
import { runProgram, settle } from './run-program.ts';

const program = settle(agentCommand().name('aureole-agent').version(manifest.version));

void runProgram(() => program);
