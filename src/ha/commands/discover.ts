// SPDX-License-Identifier: Apache-2.0
/**
 * `aureole discover`: asks hosts over ssh for their pools, Lustre targets and BMCs, and writes the
 * beginning of a configuration. A host that cannot be asked is told, and the others go on.
 */
import { z } from 'zod';
import { printableText } from '../../model/printable.ts';
import type { Command } from '../../runtime/command.ts';
import { mapAtOnce } from '../../runtime/map-at-once.ts';
import type { HaApi } from '../client.ts';
import { askHost } from '../discover/ask-host.ts';
import { putTogether, type FoundCluster, type FoundHost } from '../discover/cluster.ts';
import { renderDocument, type HostTrouble } from '../discover/document.ts';
import { findingsOf } from '../discover/findings.ts';
import { Targets } from './order-input.ts';
import { resolveHosts } from './targets.ts';

const AT_ONCE = 16;
const DEADLINE_MS = 60_000;

const DiscoverInput = z.object({
  host: Targets,
  sshConfig: z.string().min(1, 'write the path of a file').optional(),
  verbose: z.boolean().default(false),
});
type DiscoverInput = z.infer<typeof DiscoverInput>;

/** With `--json`. */
export type Discovery = FoundCluster & {
  readonly hosts: readonly FoundHost[];
  readonly troubles: readonly HostTrouble[];
};

export const discover: Command<DiscoverInput, Discovery, HaApi> = {
  name: 'discover',
  summary: 'Ask hosts over ssh what they run, and write a configuration to begin with',
  arguments: [{ name: 'host', description: 'as a nodeset', many: true }],
  options: [
    { flags: '-F, --ssh-config <file>', description: "ssh's configuration file" },
    { flags: '-v, --verbose', description: 'show on standard error what each host says' },
  ],
  input: DiscoverInput,
  examples: ['aureole discover "oss[1-4]" > aureole.yaml', 'aureole discover oss1 -v'],
  async run({ host: words, sshConfig, verbose }, context) {
    const names = await resolveHosts(words, context);
    const options = { sshConfig, deadlineMs: DEADLINE_MS };
    const asked = await mapAtOnce(names, AT_ONCE, async (host) => {
      return { host, answer: await askHost(host, options, context.signal) };
    });
    const hosts: FoundHost[] = [];
    const troubles: HostTrouble[] = [];
    for (const { host, answer } of asked) {
      if (answer.type === 'failed') {
        troubles.push({ host, why: answer.why });
        context.warn(`${host}: ${answer.why}`);
        continue;
      }
      if (verbose) context.warn(`--- ${host}\n${printableText(answer.output)}`);
      hosts.push({ host, findings: findingsOf(host, answer.answers) });
    }
    const cluster = putTogether(hosts);
    for (const note of cluster.notes) context.warn(note);
    return { hosts, troubles, ...cluster };
  },
  render: ({ hosts, troubles, ...cluster }) => renderDocument(hosts, troubles, cluster),
  verdict: ({ troubles }) => (troubles.length > 0 ? 'failed' : 'done'),
};
