// SPDX-License-Identifier: Apache-2.0
/** `aureole explain`: all that bears on one host or group: its state, what led to it, what the scripts said. */
import { z } from 'zod';
import type { Command } from '../../runtime/command.ts';
import type { HaApi } from '../client.ts';
import type { Explanation } from '../contract.ts';
import { Target } from './order.ts';
import { renderExplanation } from './show-explanation.ts';

const ExplainInput = z.object({ name: Target });

export const explain: Command<z.infer<typeof ExplainInput>, Explanation, HaApi> = {
  name: 'explain',
  summary: 'Tell why a host or a group is as it is',
  arguments: [{ name: 'name', description: 'a host, or a resource group by its root' }],
  options: [],
  input: ExplainInput,
  examples: ['aureole explain oss1', 'aureole explain ost0'],
  run: ({ name }, { api, signal }) => api.explain(name, signal),
  render: renderExplanation,
  verdict: () => 'done',
};
