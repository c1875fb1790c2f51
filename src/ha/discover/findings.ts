// SPDX-License-Identifier: Apache-2.0
/** What a host's answers say: pools, Lustre targets, its BMC. What cannot be read is told and left out. */
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { ResourceName } from '../../model/names.ts';
import { printableLine } from '../../model/printable.ts';
import type { Answer, Answers } from './questions.ts';

export type Pool = { readonly name: string; readonly guid: string };
export type TargetType = 'mgs' | 'mdt' | 'ost';
export type Target = {
  readonly device: string;
  readonly mountpoint: string;
  readonly type: TargetType;
};

export type Findings = {
  readonly pools: readonly Pool[];
  /** It sees all disks of these, and some host may have imported them. */
  readonly importable: readonly Pool[];
  readonly targets: readonly Target[];
  readonly bmc?: string;
  /** For people: what was left out, and what could not be asked. */
  readonly notes: readonly string[];
};

const NO_SUCH_PROGRAM = 127;
/** Of what a host says, in a note. */
const WORDS_MAX = 300;

export function findingsOf(host: string, answers: Answers): Findings {
  const pools = parsePools(answers.pools);
  const mounts = parseLustreMounts(answers.mounts);
  const bmc = parseBmcAddress(answers.bmc.text);
  const name = shortly(answers.name.text);
  const ownName =
    name === host || name === '' ? [] : [`it calls itself ${name}: its agent needs --name ${host}`];
  return {
    pools: pools.found,
    importable: parseImportable(answers.importable.text),
    targets: mounts.found,
    ...(bmc === undefined ? {} : { bmc }),
    notes: [...ownName, ...pools.notes, ...mounts.notes],
  };
}

type Parsed<T> = { readonly found: readonly T[]; readonly notes: readonly string[] };

/** Of `zpool list -H -o name,guid`. */
export function parsePools({ code, text }: Answer): Parsed<Pool> {
  if (code === NO_SUCH_PROGRAM) return { found: [], notes: [] };
  if (code !== 0) return { found: [], notes: [`zpool list: ${shortly(text)}`] };
  const lines = text.split('\n').filter((line) => line.includes('\t'));
  return collect(lines, (line) => {
    const [name = '', guid = ''] = line.split('\t');
    return isName(name) && /^\d+$/.test(guid) ? { name, guid } : undefined;
  });
}

/** Of `zpool import`, which shows each pool with its number and its disks. */
export function parseImportable(text: string): readonly Pool[] {
  return text.split(/^ *pool: /m).flatMap((block, index) => {
    const [, name = '', guid = ''] = /^(\S+)\n *id: (\d+)\n/.exec(block) ?? [];
    const isWhole = /^ *state: (?:ONLINE|DEGRADED)$/m.test(block);
    return index > 0 && isName(name) && isWhole ? [{ name, guid }] : [];
  });
}

const Mounts = z.object({
  filesystems: z.array(z.object({ source: z.string(), target: z.string(), options: z.string() })),
});

/** Of `findmnt --json`, which says nothing where there is nothing. */
export function parseLustreMounts({ code, text }: Answer): Parsed<Target> {
  if (code === NO_SUCH_PROGRAM) return { found: [], notes: ['it has no findmnt (util-linux)'] };
  if (text.trim() === '') return { found: [], notes: [] };
  const mounts = Mounts.safeParse(parseJson(text));
  if (!mounts.success) return { found: [], notes: [`findmnt: ${shortly(text)}`] };
  const servers = mounts.data.filesystems.filter(({ options }) => svnameOf(options) !== undefined);
  const clients = mounts.data.filesystems.filter(({ options }) => svnameOf(options) === undefined);
  const { found, notes } = collect(servers, ({ source, target, options }) => {
    const type = typeOf(svnameOf(options) ?? '');
    if (type === undefined || !isName(source) || !/^\/\P{C}*$/u.test(target)) return undefined;
    return { device: source, mountpoint: target, type };
  });
  const skipped = clients.map(
    ({ source, target }) => `a Lustre client, left out: ${shortly(`${source} on ${target}`)}`,
  );
  return { found, notes: [...notes, ...skipped] };
}

/** Of `ipmitool lan print`; 0.0.0.0 is what a BMC without an address says. */
export function parseBmcAddress(text: string): string | undefined {
  const address = /^IP Address +: +(\S+)$/m.exec(text)?.[1] ?? '';
  return isIPv4(address) && address !== '0.0.0.0' ? address : undefined;
}

function svnameOf(options: string): string | undefined {
  return options
    .split(',')
    .find((option) => option.startsWith('svname='))
    ?.slice('svname='.length);
}

/** `test-OST0002`, `MGS`; a target that was never mounted before has `test:OST0002` or `test=MDT0000`. */
function typeOf(svname: string): TargetType | undefined {
  if (svname === 'MGS') return 'mgs';
  const kind = /[-:=](MDT|OST)[0-9a-f]{4}$/i.exec(svname)?.[1]?.toLowerCase();
  return kind === 'mdt' || kind === 'ost' ? kind : undefined;
}

function shortly(text: string): string {
  return printableLine(text.slice(0, WORDS_MAX));
}

function isName(name: string): boolean {
  return ResourceName.safeParse(name).success;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function collect<From, To>(
  items: readonly From[],
  read: (item: From) => To | undefined,
): Parsed<To> {
  const pairs = items.map((item) => ({ item, value: read(item) }));
  return {
    found: pairs.flatMap(({ value }) => (value === undefined ? [] : [value])),
    notes: pairs.flatMap(({ item, value }) =>
      value === undefined ? [`left out: ${shortly(JSON.stringify(item))}`] : [],
    ),
  };
}
