// SPDX-License-Identifier: Apache-2.0
/** What each key of aureole.yaml is for. The schema says what it may be; a test holds both together. */
import { z } from 'zod';
import {
  FileShape,
  GroupEntry,
  HaSection,
  HostEntry,
  NodeGroupsSection,
  ResourceEntry,
} from '../../../src/ha/config/schema.ts';

export type Key = {
  /** `ha.fencing.timeout`; `hosts[].fencing[][].agent` */
  readonly path: string;
  readonly isRequired: boolean;
  readonly fallback?: string;
  readonly words?: readonly string[];
};

const SchemaShape = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  default: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
});
type Schema = z.output<typeof SchemaShape>;

/** The schema of a list's entries, or of a section as a whole. */
const SECTIONS: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ['hosts[]', HostEntry],
  ['resources[]', ResourceEntry],
  ['resource_groups[]', GroupEntry],
  ['node_groups', NodeGroupsSection],
  ['ha', HaSection],
]);

/** Every key that the schema knows, in its order. */
export function keysOfSchema(): readonly Key[] {
  return keysIn('', schemaOf(FileShape)).flatMap((key) => {
    const [path, schema] =
      [...SECTIONS].find(([section]) => section.replace('[]', '') === key.path) ?? [];
    return path === undefined || schema === undefined
      ? [key]
      : [key, ...keysIn(`${path}.`, schemaOf(schema))];
  });
}

function schemaOf(schema: z.ZodType): Schema {
  return SchemaShape.parse(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

function keysIn(prefix: string, { properties = {}, required = [] }: Schema): readonly Key[] {
  return Object.entries(properties).flatMap(([name, value]) => {
    const schema = SchemaShape.parse(value);
    const { default: fallback, enum: words } = schema;
    const key: Key = {
      path: `${prefix}${name}`,
      isRequired: required.includes(name),
      ...(typeof fallback === 'string' || typeof fallback === 'number'
        ? { fallback: String(fallback) }
        : {}),
      ...(words === undefined ? {} : { words: words.map(String) }),
    };
    return [key, ...keysBelow(key.path, schema)];
  });
}

function keysBelow(path: string, schema: Schema): readonly Key[] {
  if (schema.properties !== undefined) return keysIn(`${path}.`, schema);
  if (schema.items !== undefined) return keysBelow(`${path}[]`, SchemaShape.parse(schema.items));
  return (schema.anyOf ?? []).flatMap((one) => keysBelow(path, SchemaShape.parse(one)));
}

export const KEY_TEXTS: ReadonlyMap<string, string> = new Map([
  ['hosts', 'The storage hosts, at most 4096.'],
  [
    'hosts[].hostname',
    'Its name, or name:port if its agent listens on a port of its own. The name stands in its certificate.',
  ],
  [
    'hosts[].address',
    'Where its agent listens: a name or an IP address. Without it the hostname is looked up.',
  ],
  [
    'hosts[].fencing',
    'Levels of fence devices. A level is a list: all of its devices must be off, for instance two power supplies. The next level is tried when one has failed.',
  ],
  ['hosts[].fencing[][].name', 'A name for it in messages. Without it: host/agent.'],
  [
    'hosts[].fencing[][].agent',
    'The fence program: a name like fence_ipmilan, or an absolute path.',
  ],
  [
    'hosts[].fencing[][].parameters',
    'What it is told on its standard input, as its own manual page names it: ip, username, plug, ...',
  ],
  [
    'hosts[].fencing[][].secrets',
    'Parameters whose values are read from files when the manager starts.',
  ],
  [
    'hosts[].fencing[][].timeout',
    'How long one run of it may take. Without it: ha.fencing.timeout.',
  ],
  ['hosts[].fencing[][].retries', 'How often a failed run is repeated at once.'],
  [
    'hosts[].fence_agent',
    "HALO's way to name one fence device: powerman or redfish. Use either this or fencing.",
  ],
  [
    'hosts[].fence_parameters',
    'Its parameters. For redfish: username and password. ip, ipport and plug, where the name of the host does not do.',
  ],
  ['resources', 'What runs on the hosts: OCF resources.'],
  ['resources[].name', 'Its name, unique in the file.'],
  ['resources[].kind', 'The OCF script: provider/type, like heartbeat/ZFS or lustre/Lustre.'],
  ['resources[].parameters', 'Parameters of the script, without OCF_RESKEY_.'],
  ['resources[].dependents', 'Resources that start after it, side by side, and stop before it.'],
  ['resources[].monitor_interval', 'How often it is looked at. Without it: ha.monitor_interval.'],
  [
    'resources[].timeouts',
    'How long the operations of the script may take. Without one: what the script itself says, else 20s.',
  ],
  ['resources[].timeouts.start', 'For start.'],
  ['resources[].timeouts.stop', 'For stop.'],
  ['resources[].timeouts.monitor', 'For monitor.'],
  ['resources[].shared', 'Whether it may run on several hosts at once. Refused so far.'],
  ['resource_groups', 'What moves as one: a resource with all that depends on it.'],
  ['resource_groups[].root', 'The resource that the others depend on. It names the group.'],
  ['resource_groups[].home_host', 'The host that it belongs to.'],
  [
    'resource_groups[].failover_hosts',
    'Hosts that may take it, in this order. [] for none: then nobody is fenced for it.',
  ],
  [
    'resource_groups[].start_after',
    'Groups that must run before this one starts on a cold start. A failover waits for none.',
  ],
  [
    'node_groups',
    'Names for sets of hosts, used as @name wherever hosts are named: { oss: "oss[1-4]" }.',
  ],
  ['ha', 'How high availability behaves.'],
  ['ha.mode', 'observe: only watch. manage: start, stop, fail over and fence.'],
  ['ha.heartbeat_timeout', 'After this long without an answer a host is silent.'],
  [
    'ha.agent_timeout',
    'How long connections to an agent may be refused before on_agent_timeout is followed.',
  ],
  ['ha.on_agent_timeout', 'What to do about a host whose kernel answers and whose agent does not.'],
  [
    'ha.restart_attempts',
    'How often a group may fail within restart_window before it is given up until aureole cleanup.',
  ],
  ['ha.restart_window', 'See restart_attempts.'],
  ['ha.monitor_interval', 'How often a resource is looked at that says nothing else.'],
  ['ha.manager_host', 'The host of this file that the manager runs on, if it does.'],
  [
    'ha.witness',
    'Something outside of the cluster, a router for instance. If it does not answer, the manager takes itself for the one that is cut off. Needed with manager_host, or silent hosts are not fenced by themselves.',
  ],
  ['ha.witness.address', 'Its name or IP address.'],
  ['ha.witness.port', 'A TCP port on which it accepts or refuses connections.'],
  ['ha.operators', 'The Unix group that may give orders beside root.'],
  ['ha.fencing', 'How and when hosts are fenced.'],
  [
    'ha.fencing.timeout',
    'How long one run of a fence program may take, where its device says nothing else.',
  ],
  ['ha.fencing.retry', 'The pause between two rounds through all levels.'],
  [
    'ha.fencing.check',
    'How often the devices of healthy hosts are asked for the power. A device that never said on is not believed when it says off.',
  ],
  ['ha.fencing.max_concurrent', 'How many hosts may be fenced at the same time without an order.'],
  ['ha.fencing.max_per_hour', 'How many hosts may be fenced in an hour without an order.'],
  [
    'ha.fencing.rearm',
    'When a host that was fenced may be fenced again without an order: manual (after aureole reset), or after a duration, like after 1h.',
  ],
  [
    'ha.fencing.on_reached',
    'What to do when the host that would take a group still reaches the silent one.',
  ],
]);
