// SPDX-License-Identifier: Apache-2.0
/** All that there is to say about one host or group: how it is, what happened, what its scripts said. */
import type { Outcome, Output } from '../../agent/contract.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import type { EventView, Explanation, GroupView, HostView, Status } from '../contract.ts';
import type { HostName } from '../core/spec.ts';
import type { AgentClient } from './agent-client.ts';
import type { Journal } from './journal.ts';

const EVENTS_TOLD = 20;
const OUTPUTS_TOLD = 20;
/** A host in trouble is what one asks about: it must not delay the answer. */
const AGENT_DEADLINE_MS = 2_000;

export type ExplanationSources = {
  readonly status: () => Status;
  readonly journal: Pick<Journal, 'events'>;
  readonly clients: ReadonlyMap<HostName, Pick<AgentClient, 'outputs'>>;
};

/** `name`: of a host, a group or a resource; undefined: there is none. */
export async function explain(
  name: string,
  { status, journal, clients }: ExplanationSources,
  signal: AbortSignal,
): Promise<Explanation | undefined> {
  const { hosts, groups } = status();
  const events = [...journal.events({ about: name, limit: EVENTS_TOLD })];
  const host = hosts.find((one) => one.name === name);
  if (host !== undefined) return explainHost(host, events, clients, signal);
  const group =
    groups.find((one) => one.name === name) ??
    groups.find((one) => one.resources.some((resource) => resource.name === name));
  return group && explainGroup(group, events, clients, signal);
}

type Clients = ExplanationSources['clients'];

async function explainHost(
  host: HostView,
  events: EventView[],
  clients: Clients,
  signal: AbortSignal,
): Promise<Explanation> {
  const outputs = await outputsOf([host.name], clients, signal);
  return { kind: 'host', host, events, outputs: outputs.slice(0, OUTPUTS_TOLD) };
}

async function explainGroup(
  group: GroupView,
  events: EventView[],
  clients: Clients,
  signal: AbortSignal,
): Promise<Explanation> {
  const names = new Set(group.resources.map((resource) => resource.name));
  const outputs = await outputsOf([group.homeHost, ...group.failoverHosts], clients, signal);
  const own = outputs.filter((output) => names.has(output.resource));
  return { kind: 'group', group, events, outputs: own.slice(0, OUTPUTS_TOLD) };
}

type OutputView = Explanation['outputs'][number];

/** Newest first, as far as the hosts' clocks agree; a host that does not answer is left out. */
async function outputsOf(
  hosts: readonly HostName[],
  clients: Clients,
  signal: AbortSignal,
): Promise<readonly OutputView[]> {
  const answers = await Promise.all(
    hosts.map(async (host) => {
      const answer = await clients.get(host)?.outputs(AGENT_DEADLINE_MS, signal);
      if (answer?.type !== 'answer') return [];
      return answer.body.outputs.map((output) => viewOf(host, output));
    }),
  );
  return answers.flat().toSorted((a, b) => Date.parse(b.begun) - Date.parse(a.begun));
}

function viewOf(host: HostName, output: Output): OutputView {
  const { resource, operation, begun, durationMs, stdout, stderr } = output;
  const outcome = wordsOf(output.outcome);
  return { host, resource, operation, begun, durationMs, outcome, stdout, stderr };
}

function wordsOf(outcome: Outcome): string {
  switch (outcome.type) {
    case 'exited':
      return `exit ${outcome.code}`;
    case 'timed-out':
      return outcome.alive ? 'timed out, and could not be killed' : 'timed out';
    case 'not-run':
      return 'not run';
    case 'cancelled':
      return 'cancelled';
    case 'lost':
      return 'lost';
    default:
      return unreachable(outcome);
  }
}
