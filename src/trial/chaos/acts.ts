// SPDX-License-Identifier: Apache-2.0
/** How each fault is brought about, and how it ends. */
import type { PowerFault } from '../../lab/bmc/lab-bmc.ts';
import { MANAGER } from '../../lab/cluster.ts';
import { SCRIPT_FAULTS, type FaultName } from './faults.ts';
import type { Stage } from './stage.ts';

type Act = {
  readonly begin: (stage: Stage, target: string) => Promise<void> | void;
  readonly end: (stage: Stage, target: string) => Promise<void> | void;
};

const NETWORK: Partial<Record<FaultName, Act>> = {
  cut: {
    begin: (stage, target) => stage.host(target).cutCable(),
    end: (stage, target) => stage.host(target).mendCable(),
  },
  mute: loss('mute', (host) => [{ from: host }]),
  deaf: loss('deaf', (host) => [{ to: host }]),
  lossy: loss('lossy', (host) => [
    { from: host, percent: 30 },
    { to: host, percent: 30 },
  ]),
  managerPath: loss('managerPath', (host) => [
    { from: host, to: MANAGER },
    { from: MANAGER, to: host },
  ]),
  apart: {
    begin: (stage, target) => {
      const others = stage.trial.cluster.hosts.filter(({ name }) => name !== target);
      return stage.lose(
        `apart ${target}`,
        others.flatMap(({ name }) => [
          { from: target, to: name },
          { from: name, to: target },
        ]),
      );
    },
    end: (stage, target) => stage.find(`apart ${target}`),
  },
  managerCut: {
    begin: (stage) => stage.trial.manager.cutCable(),
    end: (stage) => stage.trial.manager.mendCable(),
  },
  // Its BMCs have cables of their own and answer.
  managerIsolated: loss('isolated', () => [{ from: MANAGER }, { to: MANAGER }]),
};

const POWER: Partial<Record<FaultName, Act>> = {
  powerCut: {
    begin: (stage, target) => stage.host(target).powerOff(),
    end: (stage, target) => stage.host(target).powerOn(),
  },
  managerPowerCut: {
    begin: (stage) => stage.trial.manager.powerOff(),
    end: (stage) => stage.trial.manager.powerOn(),
  },
  freeze: {
    begin: (stage, target) => stage.host(target).freeze(),
    end: (stage, target) => stage.host(target).thaw(),
  },
  bmcSilent: {
    begin: (stage, target) => stage.trial.cluster.bmc(target).silence(),
    end: (stage, target) => stage.trial.cluster.bmc(target).answer(),
  },
  bmcPassword: {
    begin: (stage, target) => stage.trial.cluster.bmc(target).setPassword('another'),
    end: (stage, target) => stage.trial.cluster.bmc(target).mend(),
  },
  journalFull: {
    begin: ({ journalDisk, trial }) => journalDisk?.fill(trial.manager),
    end: ({ journalDisk, trial }) => journalDisk?.makeRoom(trial.manager),
  },
  bmcStuck: bmc('stuck-on'),
  bmcCaches: bmc('cache'),
  bmcLies: bmc('lie'),
};

const PROGRAMS: Partial<Record<FaultName, Act>> = {
  agentKill: kill(),
  managerKill: kill(),
  agentStop: standStill(),
  managerStop: standStill(),
  resourceDies: {
    begin: (stage, target) => stage.endResource(target),
    end: () => undefined,
  },
};

const ACTS: Partial<Record<FaultName, Act>> = { ...NETWORK, ...POWER, ...PROGRAMS };

export function actOf(fault: FaultName): Act {
  const shell = SCRIPT_FAULTS[fault];
  const act = shell === undefined ? ACTS[fault] : script(shell);
  if (act !== undefined) return act;
  throw new Error(`nobody knows how to bring about ${fault}`);
}

function loss(name: string, losses: (target: string) => Parameters<Stage['lose']>[1]): Act {
  return {
    begin: (stage, target) => stage.lose(`${name} ${target}`, losses(target)),
    end: (stage, target) => stage.find(`${name} ${target}`),
  };
}

function bmc(fault: PowerFault): Act {
  return {
    begin: (stage, target) => stage.trial.cluster.bmc(target).setFault(fault),
    end: (stage, target) => stage.trial.cluster.bmc(target).setFault(),
  };
}

function kill(): Act {
  return {
    begin: (stage, target) => stage.killProgram(stage.host(target)),
    end: (stage, target) => stage.startProgram(stage.host(target)),
  };
}

function standStill(): Act {
  return {
    begin: (stage, target) => stage.host(target).stopProgram(),
    end: (stage, target) => stage.host(target).continueProgram(),
  };
}

function script(shell: string): Act {
  return {
    begin: (stage, target) => stage.trial.setFault(target, shell),
    end: async (stage, target) => {
      stage.trial.setFault(target, undefined);
      for (const host of stage.trial.cluster.hosts) await stage.thawScripts(host);
    },
  };
}
