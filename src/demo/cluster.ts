// SPDX-License-Identifier: Apache-2.0
/**
 * What the demo needs of its cluster, whether its hosts have namespaces of their own or are mere
 * processes.
 */
import { AureoleError } from '../kernel/error.ts';
import type { DiskNews } from '../lab/canary.ts';
import { AUREOLE } from './called.ts';

export const ACTS = ['cut', 'freeze', 'kill', 'power-off', 'mend', 'power-on'] as const;
export type Act = (typeof ACTS)[number];

/** What the world says of itself, whatever the manager believes. */
export type WorldNews =
  | DiskNews
  /** The power switch of a host was used: not by us alone, the manager does so, too. */
  | { readonly type: 'power'; readonly at: number; readonly host: string; readonly text: string }
  /** What the manager's own log says that it does. */
  | { readonly type: 'manager'; readonly at: number; readonly text: string };

export type DemoCluster = AsyncDisposable & {
  readonly hosts: readonly string[];
  /** Two or three lines: what is real here and what is not. */
  readonly introduction: string;
  readonly act: (act: Act, host: string) => Promise<void>;
  /** With SIGKILL. */
  readonly killManager: () => void;
  readonly startManager: () => Promise<void>;
  /** What has happened since the last look. */
  readonly look: () => readonly WorldNews[];
};

export type ClusterOptions = {
  /** Where all of it lies; taken away in the end. */
  readonly directory: string;
  /** How this program is called. */
  readonly aureole: readonly string[];
};

/** A host of either kind. */
export type DemoHost = {
  readonly name: string;
  /** Its power; whether anything runs on it is another question. */
  readonly isOn: boolean;
  readonly powerOn: () => Promise<void>;
  readonly powerOff: () => Promise<void>;
  readonly cutCable: () => Promise<void>;
  readonly mendCable: () => Promise<void>;
  readonly freeze: () => Promise<void>;
  readonly thaw: () => Promise<void>;
  readonly killProgram: () => void;
  readonly startProgram: () => Promise<void>;
};

export async function actOn(host: DemoHost, act: Act): Promise<void> {
  checkPower(host, act);
  switch (act) {
    case 'cut':
      return await host.cutCable();
    case 'freeze':
      return await host.freeze();
    case 'kill':
      return host.killProgram();
    case 'power-off':
      return await host.powerOff();
    case 'power-on':
      return await host.powerOn();
    case 'mend':
      await host.mendCable();
      await host.thaw();
      return await host.startProgram();
  }
}

/** What would do nothing is no success. */
function checkPower({ name, isOn }: DemoHost, act: Act): void {
  if (isOn !== (act === 'power-on')) return;
  const text = isOn
    ? `${name} is on already`
    : `${name} is switched off: ${AUREOLE} demo power-on ${name}`;
  throw new AureoleError(text, { code: 'demo-wrong-power' }, { effect: 'none' });
}
