// SPDX-License-Identifier: Apache-2.0
/** `aureole explain`: all that bears on a host or group: its state, what led to it, what the scripts said. */
import { z } from 'zod';
import type { Command } from '../../runtime/command.ts';
import type { HaApi } from '../client.ts';
import type { Explanation } from '../contract.ts';
import { Targets } from './order-input.ts';
import { renderExplanation } from './show-explanation.ts';
import { resolveTargets } from './targets.ts';

const ExplainInput = z.object({ name: Targets });

export const explain: Command<z.infer<typeof ExplainInput>, readonly Explanation[], HaApi> = {
  name: 'explain',
  summary: 'Tell why hosts or groups are as they are',
  arguments: [
    {
      name: 'name',
      description: 'hosts as a nodeset, resource groups by their roots, or resources',
      many: true,
    },
  ],
  options: [],
  input: ExplainInput,
  examples: ['aureole explain oss1', 'aureole explain ost0', 'aureole explain "oss[1-2]"'],
  async run({ name: words }, context) {
    const { api, signal } = context;
    const explanations: Explanation[] = [];
    for (const name of await resolveTargets('host|group|resource', words, context)) {
      explanations.push(await api.explain(name, signal));
    }
    return explanations;
  },
  render: (explanations, look) =>
    explanations.map((one) => renderExplanation(one, look)).join('\n\n'),
  verdict: () => 'done',
};
