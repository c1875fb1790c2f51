// SPDX-License-Identifier: Apache-2.0
/** What a scenario may say, one verb a line; test/scenarios/README.md lists them for those who write one. */
import type { Operation, Verb } from '../core/messages.ts';
import type { DeathPoint } from './scenario-calm.ts';
import { parseDuration } from './scenario-clusters.ts';
import type { Stage } from './scenario-stage.ts';
import type { SimHost } from './sim-host.ts';
import type { DeviceFault } from './sim-device.ts';
import type { Conduct } from './sim-script.ts';

type Words = readonly string[];

/** `shown`: an outcome follows, and if it is that nothing happened. */
type Directive = Readonly<{ shown: boolean; play: (stage: Stage, words: Words) => void }>;

export const DIRECTIVES: Readonly<Record<string, Directive>> = {
  cluster: silent((stage, [name = '']) => stage.choose(name)),
  set: silent((stage, [key = '', value = '']) => stage.set(key, value)),
  booted: silent((stage, hosts) => stage.boot(hosts)),
  running: silent((stage) => stage.run()),
  power: silent(power),
  cable: silent(cable),
  late: silent((stage, [duration]) => {
    stage.misfortune.lateMs = parseDuration(duration);
  }),
  freeze: silent((stage, [host = '']) => stage.world.host(host).freeze()),
  thaw: silent((stage, [host = '']) => stage.world.host(host).thaw()),
  agent: silent(agent),
  hand: silent(hand),
  script: silent(script),
  device: silent(device),
  devices: silent((stage, [how = '']) => {
    stage.misfortune.devices = choose(how, { silent: 'silent', fail: 'fails', well: undefined });
  }),
  manager: silent(manager),
  aureole: shown(aureole),
  wait: shown((stage, [first = '', fact = '']) =>
    first === 'until' ? stage.waitUntil(fact) : stage.wait(parseDuration(first)),
  ),
  status: shown((stage) => stage.tellStatus()),
};

function silent(play: Directive['play']): Directive {
  return { shown: false, play };
}

function shown(play: Directive['play']): Directive {
  return { shown: true, play };
}

/** power on HOST..., power cut HOST..., power cut supply N of HOST */
function power(stage: Stage, [how = '', ...rest]: Words): void {
  const on = choose(how, { on: true, cut: false });
  const [, supply, , host = ''] = rest[0] === 'supply' ? rest : [];
  if (supply !== undefined) return stage.world.host(host).setSupply(Number(supply), on);
  for (const name of rest) {
    if (on) stage.world.powerOn(name);
    else stage.world.powerOff(name);
  }
}

/** cable cut HOST, cable cut HOST from manager, cable cut HOST answers only, cable mend HOST */
function cable(stage: Stage, [how = '', host = '', what = '']: Words): void {
  const link = stage.world.network.link(host);
  const cut = choose(how, { cut: true, mend: false });
  const lost = choose(what, {
    '': { lostTo: true, lostFrom: true, lostPeers: true },
    from: { lostTo: true, lostFrom: true, lostPeers: false },
    answers: { lostTo: false, lostFrom: true, lostPeers: false },
  });
  Object.assign(link, cut ? lost : { lostTo: false, lostFrom: false, lostPeers: false });
}

function agent(stage: Stage, [how = '', name = '']: Words): void {
  const host = stage.world.host(name);
  host.isStrange = how === 'garble';
  if (choose(how, { kill: true, start: false, garble: false })) host.killAgent();
  else host.startAgent();
}

/** hand start RESOURCE... on HOST: an administrator, not the manager. */
function hand(stage: Stage, [how = '', ...rest]: Words): void {
  const host = stage.world.host(rest.at(-1) ?? '');
  const start = choose(how, { start: true, stop: false });
  for (const resource of rest.slice(0, -2)) {
    checkResource(host, resource);
    if (start) host.active.add(resource);
    else host.active.delete(resource);
  }
}

function checkResource({ resources, name }: SimHost, resource: string): void {
  if (!resources.includes(resource)) throw new Error(`no such resource: ${resource} on ${name}`);
}

/** script OPERATION RESOURCE on HOST MISCONDUCT [N times] */
function script(
  stage: Stage,
  [what = '', resource = '', , host = '', how = '', ...rest]: Words,
): void {
  const operation = choose<Operation>(what, { start: 'start', stop: 'stop', monitor: 'monitor' });
  checkResource(stage.world.host(host), resource);
  const times = rest.at(-1) === 'times' ? Number(rest.at(-2)) : 1;
  stage.misfortune.misbehave(operation, resource, host, { conduct: conductOf(how, rest), times });
}

/** fails; exits CODE; hangs; takes DURATION; ignores SIGKILL for DURATION; works */
function conductOf(how: string, rest: Words): Partial<Conduct> {
  switch (how) {
    case 'works':
      return {};
    case 'fails':
      return { exit: 1, effectShare: 2 };
    case 'exits':
      return { exit: Number(rest[0]), effectShare: 2 };
    case 'hangs':
      return { hangs: true, durationMs: Infinity };
    case 'takes':
      return { durationMs: parseDuration(rest[0]) };
    case 'ignores':
      return { unkillable: true, durationMs: parseDuration(rest[2]), effectShare: 0.99 };
    default:
      throw new Error(`no such misconduct of a script: ${how}`);
  }
}

const FAULTS: Readonly<Record<string, DeviceFault | undefined>> = {
  drops: 'drops',
  'always-off': 'always-off',
  lies: 'lies',
  cached: 'cached',
  'with-host': 'with-host',
};

/** device NAME FAULT, device NAME wired to HOST, device NAME repaired */
function device(stage: Stage, [name = '', how = '', , to = '']: Words): void {
  const one = stage.device(name);
  if (how === 'wired') one.target = { host: stage.world.host(to), supply: 0 };
  else if (how === 'repaired') one.repair(stage.world.host(name.split('/')[0] ?? ''));
  else one.fault = choose(how, FAULTS);
}

/** manager start, kill, stall DURATION, second; manager dies before|after acting on FACT */
function manager(stage: Stage, [how = '', ...rest]: Words): void {
  switch (how) {
    case 'start':
      return stage.startManager();
    case 'kill':
      return stage.world.manager.crash();
    case 'stall':
      return stage.stallManager(rest[0]);
    case 'second':
      return stage.startSecond(rest.join(' ') === 'with its own journal');
    case 'dies': {
      const point = choose<DeathPoint['point']>(rest[0] ?? '', {
        before: 'after-save',
        after: 'between-commands',
      });
      stage.misfortune.death = { fact: `ha.${rest[3] ?? ''}`, point };
      return;
    }
    default:
      throw new Error(`no such thing to do with a manager: ${how}`);
  }
}

/** aureole VERB TARGET [--force] [--confirm-off], aureole power on|off HOST [--force]: as on the command line. */
function aureole(stage: Stage, words: Words): void {
  const [first = '', second = ''] = words;
  const named = first === 'power' ? [`power-${second}`, ...words.slice(2)] : words;
  const [word = '', target = '', ...flags] = named;
  if (target === '') throw new Error('name the target');
  const verb = choose<Verb>(flags.includes('--confirm-off') ? 'confirm-off' : word, VERBS);
  stage.order(verb, target, flags.includes('--force'));
}

const VERBS: Readonly<Record<string, Verb>> = {
  fence: 'fence',
  'confirm-off': 'confirm-off',
  reset: 'reset',
  failback: 'failback',
  manage: 'manage',
  unmanage: 'unmanage',
  activate: 'activate',
  deactivate: 'deactivate',
  cleanup: 'cleanup',
  'power-on': 'power-on',
  'power-off': 'power-off',
};

function choose<T>(word: string, meanings: Readonly<Record<string, T>>): T {
  const found = Object.entries(meanings).find(([name]) => name === word);
  if (found === undefined) {
    throw new Error(`"${word}" is none of ${Object.keys(meanings).join(', ')}`);
  }
  return found[1];
}
