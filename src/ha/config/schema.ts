// SPDX-License-Identifier: Apache-2.0
/**
 * The shape of the configuration file. Keys that HALO documents keep their names and meaning; all
 * else stands beside them. Scalars arrive as text (document.ts). Unknown keys are mistakes.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { durationMs } from '../../model/duration.ts';
import {
  isFenceAgent,
  isHostName,
  OcfKind,
  parseHostAndPort,
  ResourceName,
} from '../../model/names.ts';

export const RETRIES_DEFAULT = 1;

const Text = z.string('write a text');
const HostNameText = z
  .string('write name or name:port')
  .refine((text) => parseHostAndPort(text) !== undefined, {
    error: ({ input }) => {
      const where = isIP(String(input)) === 6 ? ', and the IPv6 address under address' : '';
      return `"${String(input)}" is no host name: write name or name:port${where}`;
    },
  });
const Address = Text.refine(isAddress, {
  error: ({ input }) => {
    const port = /^[^:]+:\d+$/.test(String(input)) ? '; the port stands in hostname' : '';
    return `"${String(input)}" is no address: write a host name or an IP address${port}`;
  },
});

function isAddress(text: string): boolean {
  if (isIP(text) !== 0) return true;
  return isHostName(text) && !/^[\d.]+$/.test(text);
}

function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  const message = `write a whole number from ${min} to ${max}`;
  return z
    .string(message)
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max, message)
    .transform(Number);
}

function oneOf<const T extends readonly string[]>(words: T): z.ZodType<T[number], unknown> {
  return z.enum(words, `write ${words.join(' or ')}`);
}

function optionalMap<T extends z.ZodType>(values: T) {
  return z.record(ParameterName, values, 'write a mapping, like { name: value }').default({});
}

const ParameterName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/,
    'is no name for a parameter: use letters, digits, _ . -',
  )
  .refine(
    (text) => !text.startsWith('OCF_RESKEY_'),
    'begins with OCF_RESKEY_, which is put in front by Aureole: leave it out',
  );
const ParameterValue = z
  .string('write one value, quoted if it is empty')
  .max(65_536, 'is too long: at most 65536 characters')
  .refine((text) => !text.includes('\0'), 'contains a NUL character: remove it');
const FilePath = Text.refine(
  (text) => /^\/[^\0]+$/.test(text),
  'write the absolute path of a file',
);

export const FenceDeviceEntry = z.strictObject(
  {
    name: Text.regex(
      /^[A-Za-z0-9_.-]{1,64}$/,
      'is no name for a fence device: use letters, digits, _ . -',
    ).optional(),
    agent: Text.refine(
      isFenceAgent,
      'write a name like fence_ipmilan, or the absolute path of such a program',
    ),
    parameters: optionalMap(ParameterValue),
    secrets: optionalMap(FilePath),
    timeout: durationMs('100ms', '1h').optional(),
    retries: wholeNumber(0, 10).default(RETRIES_DEFAULT),
  },
  'write a mapping with at least agent',
);
export type FenceDeviceEntry = z.output<typeof FenceDeviceEntry>;

export const HostEntry = z.strictObject(
  {
    hostname: HostNameText,
    address: Address.optional(),
    fencing: z
      .array(
        z
          .array(FenceDeviceEntry, 'write a list of devices: a level')
          .min(1, 'a level without devices: add one or remove it'),
        'write a list of levels, each a list of devices',
      )
      .max(8, 'more than 8 levels: remove some')
      .optional(),
    fence_agent: Text.nullable().optional(),
    fence_parameters: z
      .record(ParameterName, ParameterValue, 'write a mapping or null')
      .nullable()
      .optional(),
  },
  'write a mapping with at least hostname',
);
export type HostEntry = z.output<typeof HostEntry>;

const OperationTimeout = durationMs('1ms', '1d').optional();

export const ResourceEntry = z.strictObject(
  {
    name: ResourceName,
    kind: OcfKind,
    parameters: optionalMap(ParameterValue),
    dependents: z.array(ResourceName, 'write a list of resource names').default([]),
    monitor_interval: durationMs('100ms', '1d').optional(),
    timeouts: z
      .strictObject(
        { start: OperationTimeout, stop: OperationTimeout, monitor: OperationTimeout },
        'write a mapping, like { start: 60s }',
      )
      .default({}),
    shared: oneOf(['false', 'true']).optional(),
  },
  'write a mapping with at least name and kind',
);
export type ResourceEntry = z.output<typeof ResourceEntry>;

export const GroupEntry = z.strictObject(
  {
    root: ResourceName,
    home_host: Text,
    failover_hosts: z.array(Text, 'write a list of host names, [] for none'),
    start_after: z.array(ResourceName, 'write a list of groups').default([]),
  },
  'write a mapping with root, home_host and failover_hosts',
);
export type GroupEntry = z.output<typeof GroupEntry>;

const Rearm = Text.transform((text, context) => {
  if (text === 'manual') return undefined;
  const parsed = durationMs('1m', '30d').safeParse(/^after (\S+)$/.exec(text)?.[1] ?? text);
  if (text.startsWith('after ') && parsed.success) return parsed.data;
  const message = `"${text}" is no rule: write manual, or after and a duration from 1m to 30d, like after 1h`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const FencingSection = z.strictObject(
  {
    timeout: durationMs('100ms', '1h').prefault('20s'),
    retry: durationMs('100ms', '1d').prefault('30s'),
    check: durationMs('100ms', '1d').prefault('5m'),
    max_concurrent: wholeNumber(1, 1_000).prefault('1'),
    max_per_hour: wholeNumber(1, 100_000).prefault('4'),
    rearm: Rearm.prefault('manual'),
    on_reached: oneOf(['alarm', 'fence']).default('alarm'),
  },
  'write a mapping',
);

/** A Unix group, as useradd and LDAP know them. */
const UnixGroup = Text.refine((text) => /^[A-Za-z0-9_][A-Za-z0-9_. -]{0,63}$/.test(text), {
  error: ({ input }) => `"${String(input)}" is no Unix group: write the name of one, like storage`,
});

export const HaSection = z.strictObject(
  {
    mode: oneOf(['observe', 'manage']).default('observe'),
    heartbeat_timeout: durationMs('100ms', '1h').prefault('10s'),
    agent_timeout: durationMs('100ms', '1d').prefault('60s'),
    on_agent_timeout: oneOf(['alarm', 'fence']).default('alarm'),
    restart_attempts: wholeNumber(0, 1_000).prefault('3'),
    restart_window: durationMs('1s', '30d').prefault('10m'),
    monitor_interval: durationMs('100ms', '1d').prefault('5s'),
    manager_host: Text.optional(),
    witness: z
      .strictObject(
        { address: Address, port: wholeNumber(1, 65_535) },
        'write a mapping with address and port',
      )
      .optional(),
    operators: UnixGroup.optional(),
    fencing: FencingSection.prefault({}),
  },
  'write a mapping',
);
export type HaSection = z.output<typeof HaSection>;

export const NodeGroupsSection = z.record(
  z
    .string()
    .regex(
      /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/,
      'is no name for a node group: use letters, digits, _ . -',
    ),
  z
    .string('write a nodeset, like "oss[1-4]"')
    .min(1, 'is empty: write a nodeset, like "oss[1-4]"')
    .max(65_536, 'is too long: at most 65536 characters'),
  'write a mapping, like { oss: "oss[1-4]" }',
);

export const FileShape = z.strictObject(
  {
    hosts: z
      .array(z.unknown(), 'write a list of hosts')
      .max(4_096, 'more than 4096 hosts: make two clusters of them'),
    resources: z
      .array(z.unknown(), 'write a list of resources')
      .max(65_536, 'more than 65536: make two clusters of them'),
    resource_groups: z
      .array(z.unknown(), 'write a list of resource groups')
      .max(65_536, 'more than 65536: make two clusters of them'),
    node_groups: z.unknown().optional(),
    ha: z.unknown().optional(),
  },
  'write a mapping with hosts, resources and resource_groups',
);
