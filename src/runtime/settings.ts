// SPDX-License-Identifier: Apache-2.0
/**
 * The settings of a daemon or command that no flag gives: from the environment and from the files
 * that units read too, so that a command typed by hand finds the same manager. Where Aureole's names
 * say nothing, HALO's are understood, so that a host is moved over with its old files in place.
 *
 * First found counts: AUREOLE_X in the environment, AUREOLE_X in /etc/sysconfig/aureole (on Debian
 * /etc/default/aureole), HALO_X in the environment, HALO_X in /etc/sysconfig/halo. An empty value is
 * none. A flag goes before all of them, a default comes after:
 *
 *     const find = settings();
 *     const path = flags.config ?? find('AUREOLE_CONFIG', 'HALO_CONFIG')?.value ?? DEFAULT;
 *     const cert = flags.cert ?? find('AUREOLE_CERT', 'HALO_SERVER_CERT')?.value;
 */
import { readFileSync } from 'node:fs';
import { AureoleError, messageOf } from '../kernel/error.ts';
import { parseEnvironmentFile, type EnvironmentFile } from './environment-file.ts';

export type Setting = {
  readonly name: string;
  readonly value: string;
  /** For complaints about the value: `HALO_PORT in /etc/sysconfig/halo:3`. */
  readonly from: string;
};

/** Throws an AureoleError with the code `settings-invalid` if a file that it has to look into is broken. */
export type FindSetting = (name: string, haloName?: string) => Setting | undefined;

export type SettingsPlaces = {
  readonly env: NodeJS.ProcessEnv;
  /** Those that exist are read, and the later one goes before the earlier, as in our units. */
  readonly files: readonly string[];
  readonly haloFile: string;
};

const PLACES: SettingsPlaces = {
  env: process.env,
  files: ['/etc/sysconfig/aureole', '/etc/default/aureole'],
  haloFile: '/etc/sysconfig/halo',
};

export function settings({ env, files, haloFile }: SettingsPlaces = PLACES): FindSetting {
  const own = files.toReversed().map(onceRead);
  const halo = onceRead(haloFile);
  const inEnvironment = (name: string): Setting | undefined =>
    settingOf(name, env[name], 'in the environment');
  return (name, haloName) => {
    for (const find of [inEnvironment, ...own]) {
      const found = find(name);
      if (found !== undefined) return found;
    }
    return haloName === undefined ? undefined : (inEnvironment(haloName) ?? halo(haloName));
  };
}

export function portOf(setting: Setting | undefined): number | undefined {
  if (setting === undefined) return undefined;
  const port = /^\d{1,5}$/.test(setting.value) ? Number(setting.value) : 0;
  if (port >= 1 && port <= 65_535) return port;
  const remedy = 'write a whole number from 1 to 65535';
  throw wrongValue(setting, `"${setting.value}" is no port: ${remedy}`);
}

/** A flag goes before what was found. */
export function flagOr(
  name: `--${string}`,
  flag: string | undefined,
  found: Setting | undefined,
): Setting | undefined {
  return flag === undefined ? found : { name, value: flag, from: name };
}

/** A flag is a mistake on the command line, and all else one in the settings. */
export function wrongValue({ name, from }: Setting, why: string): AureoleError {
  if (!name.startsWith('--')) return invalidSetting(`${from}: ${why}`);
  return new AureoleError(`${from}: ${why}`, { code: 'usage' }, { effect: 'none' });
}

export function invalidSetting(message: string): AureoleError {
  return new AureoleError(message, { code: 'settings-invalid' }, { effect: 'none' });
}

function settingOf(name: string, value: string | undefined, place: string): Setting | undefined {
  if (value === undefined || value === '') return undefined;
  return { name, value, from: `${name} ${place}` };
}

/** Read when first asked: whoever gives a flag does not depend on these files. */
function onceRead(path: string): (name: string) => Setting | undefined {
  let entries: EnvironmentFile['entries'] | undefined;
  return (name) => {
    entries ??= readEntries(path);
    const entry = entries.get(name);
    return settingOf(name, entry?.value, `in ${path}:${entry?.line}`);
  };
}

function readEntries(path: string): EnvironmentFile['entries'] {
  const { entries, mistakes } = parseEnvironmentFile(textOf(path) ?? '');
  if (mistakes.length === 0) return entries;
  throw invalidSetting(mistakes.map((one) => `${path}:${one.line}: ${one.text}`).join('\n'));
}

/** A file that is not there, or is for other users' eyes, says nothing to us. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return undefined;
    throw invalidSetting(`${path}: ${messageOf(error)}`);
  }
}
