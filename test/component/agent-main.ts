// SPDX-License-Identifier: Apache-2.0
/** The agent alone, as a program that a test can kill. */
import { agentCommand } from '../../src/agent/commands/agent.ts';

await agentCommand().parseAsync();
