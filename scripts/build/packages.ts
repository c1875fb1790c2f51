// SPDX-License-Identifier: Apache-2.0
/**
 * What the packages are, for Debian and for rpm alike. Node is in one of its own: it is forty times as
 * large as the rest, changes seldom, and a host with manager and agent has it once.
 */
import type { Bundle } from './bundle.ts';
import type { Tree } from './trees.ts';

export type PackageName = 'aureole-common' | Bundle['name'];

export type Package = {
  readonly name: PackageName;
  readonly summary: string;
  /** Paragraphs of one line each. */
  readonly description: readonly string[];
  readonly dependsOnCommon: boolean;
  /** Other packages, by their names in either world. */
  readonly recommends?: string;
  readonly unit?: string;
};

export type PackageRequest = {
  readonly tree: Tree;
  readonly about: Package;
  readonly version: string;
  /** Seconds since 1970, for all files in it. */
  readonly epoch: number;
  /** Quick to make and large: for tests. */
  readonly uncompressed: boolean;
  /** Where the file goes. */
  readonly folder: string;
};

export const PACKAGES: readonly Package[] = [
  {
    name: 'aureole-common',
    summary: 'Node and settings for the Aureole manager and agent',
    description: [
      'The Node that Aureole is tested with, in a folder of its own, the settings of the daemons, and the folder for what they keep until the next boot.',
    ],
    dependsOnCommon: false,
  },
  {
    name: 'aureole',
    summary:
      'High availability for the servers of an HPC storage cluster: manager and command line',
    description: [
      'Starts, watches, fences and fails over resource groups made of OCF resources.',
      'This package has the manager, the command line and a demonstration cluster. Each host that carries resources needs aureole-agent, and the manager the fence agents of your BMCs.',
    ],
    dependsOnCommon: true,
    recommends: 'fence-agents',
    unit: 'aureole.service',
  },
  {
    name: 'aureole-agent',
    summary: 'High availability for the servers of an HPC storage cluster: agent',
    description: [
      'Runs OCF scripts on this host for the Aureole manager, and tells it how they are. It decides nothing by itself.',
    ],
    dependsOnCommon: true,
    recommends: 'resource-agents',
    unit: 'aureole-agent.service',
  },
];

/** Debian's name and Red Hat's name of a processor. */
const ARCHITECTURES: ReadonlyMap<string, { readonly deb: string; readonly rpm: string }> = new Map([
  ['x64', { deb: 'amd64', rpm: 'x86_64' }],
  ['arm64', { deb: 'arm64', rpm: 'aarch64' }],
]);

export function architecture(): { readonly deb: string; readonly rpm: string } {
  const names = ARCHITECTURES.get(process.arch);
  if (names === undefined)
    throw new Error(`no packages for ${process.arch}: build on x64 or arm64`);
  return names;
}
