// SPDX-License-Identifier: Apache-2.0
/** What is left to do by hand, as lines to copy: this program reaches no host itself. */
import { hostname } from 'node:os';
import { foldNames } from '../model/node-set/fold.ts';
import { PKI_DIRECTORY } from '../runtime/tls-files.ts';
import { FOLDER_OF } from './authority.ts';
import { ROLES } from './index-file.ts';
import type { Issued } from './issue.ts';

export function stepsAfterIssue(
  directory: string,
  issued: readonly Pick<Issued, 'role' | 'name'>[],
  here = hostname(),
): string {
  const lines = ROLES.flatMap((role) => {
    const names = issued.filter((one) => one.role === role).map(({ name }) => name);
    const from = quoted(`${directory}/${FOLDER_OF[role]}`);
    const others = names.filter((name) => name !== here);
    const copy = [`  ${MAKE_FOLDER}`, `  cp -pR ${from}/${here}/. ${PKI_DIRECTORY}/`];
    return [...byNetwork(from, others), ...(names.includes(here) ? copy : [])];
  });
  return ['Bring them there, as root:', ...lines, 'Daemons that run take them by themselves.'].join(
    '\n',
  );
}

const MAKE_FOLDER = `mkdir -p -m 700 ${PKI_DIRECTORY}`;

function byNetwork(from: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  return [
    `  clush -w ${quoted(foldNames(names))} ${MAKE_FOLDER}`,
    `  for h in ${names.join(' ')}; do scp -pr ${from}/$h/. $h:${PKI_DIRECTORY}/; done`,
  ];
}

export function stepsAfterRevoke(directory: string): string {
  return [
    'It is believed until the new list is on every host and manager:',
    `  clush -w @all --copy ${quoted(`${directory}/crl.pem`)} --dest ${PKI_DIRECTORY}/crl.pem`,
    'Daemons that run take it by themselves.',
  ].join('\n');
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
