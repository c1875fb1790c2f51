// SPDX-License-Identifier: Apache-2.0
/** What differs between two configurations, by host, resource, group and setting: an order of lines in the file is nothing. */
import type { ConfigView } from '../contract.ts';

export type Difference = {
  /** `host oss1`, `resource group ost0`, `ha`. */
  readonly object: string;
  /** Of an object that only one of them has: all that it is. */
  readonly changes: readonly Change[];
};

export type Change = {
  readonly key: string;
  readonly running?: string;
  readonly file?: string;
};

type Facts = ReadonlyMap<string, string>;

export function findDifferences(running: ConfigView, file: ConfigView): readonly Difference[] {
  const before = factsOf(running);
  const after = factsOf(file);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((object) => {
    const changes = changesOf(before.get(object), after.get(object));
    return changes.length === 0 ? [] : [{ object, changes }];
  });
}

function changesOf(running: Facts = new Map(), file: Facts = new Map()): Change[] {
  return [...new Set([...running.keys(), ...file.keys()])].flatMap((key) => {
    const was = running.get(key);
    const is = file.get(key);
    if (was === is) return [];
    return {
      key,
      ...(was === undefined ? {} : { running: was }),
      ...(is === undefined ? {} : { file: is }),
    };
  });
}

/** Each object as keys and texts. */
function factsOf(view: ConfigView): Map<string, Facts> {
  const facts = new Map<string, Facts>([['ha', new Map(Object.entries(view.settings))]]);
  for (const host of view.hosts) facts.set(`host ${host.name}`, hostFacts(host));
  for (const resource of view.resources) {
    facts.set(`resource ${resource.name}`, resourceFacts(resource));
  }
  const members = Map.groupBy(view.resources, ({ group }) => group);
  for (const { name, homeHost, failoverHosts, startAfter } of view.groups) {
    const lists = [
      ['failover_hosts', failoverHosts.join(', ')],
      ['start_after', startAfter.join(', ')],
      // In the order in which they start.
      ['resources', (members.get(name) ?? []).map((resource) => resource.name).join(', ')],
    ].filter((entry): entry is [string, string] => entry[1] !== '');
    facts.set(`resource group ${name}`, new Map([['home_host', homeHost], ...lists]));
  }
  facts.set('node_groups', new Map(Object.entries(view.nodeGroups)));
  return facts;
}

function hostFacts({ address, port, devices }: ConfigView['hosts'][number]): Facts {
  const facts = new Map([
    ['address', address],
    ['port', String(port)],
  ]);
  for (const { name, level, agent, parameters, timeout, retries } of devices) {
    facts.set(name, `${agent}, level ${level}, timeout ${timeout}, retries ${retries}`);
    for (const [key, value] of Object.entries(parameters)) facts.set(`${name} ${key}`, value);
  }
  return facts;
}

function resourceFacts({
  kind,
  group,
  parent,
  parameters,
  timeouts,
  monitorInterval,
}: ConfigView['resources'][number]): Facts {
  const prefixed = (prefix: string, texts: Readonly<Record<string, string>>) =>
    Object.entries(texts).map(([key, value]) => [`${prefix} ${key}`, value] as const);
  return new Map([
    ['kind', kind],
    ...(group === undefined ? [] : [['group', group] as const]),
    ...(parent === undefined ? [] : [['parent', parent] as const]),
    ...prefixed('parameter', parameters),
    ...prefixed('timeout', timeouts),
    ['monitor_interval', monitorInterval],
  ]);
}
