// SPDX-License-Identifier: Apache-2.0
/** aureole.yaml(5), from the schema and the texts beside it. */
import { keysOfSchema, KEY_TEXTS, type Key } from './config-keys.ts';
import { example, item, paragraph, section, subsection, type Page } from './roff.ts';

const EXAMPLE = `hosts:
  - hostname: oss1
    address: 10.0.0.1
    fencing:
      - - agent: fence_ipmilan
          parameters: { ip: oss1-bmc, username: admin, lanplus: 1 }
          secrets: { password: /etc/aureole/bmc.password }
  - hostname: oss2
    address: 10.0.0.2
    fencing:
      - - agent: fence_ipmilan
          parameters: { ip: oss2-bmc, username: admin, lanplus: 1 }
          secrets: { password: /etc/aureole/bmc.password }
resources:
  - name: ost0
    kind: heartbeat/ZFS
    parameters: { pool: ost0 }
    dependents: [ost0-target]
  - name: ost0-target
    kind: lustre/Lustre
    parameters: { target: ost0/ost0, mountpoint: /mnt/ost0 }
resource_groups:
  - { root: ost0, home_host: oss1, failover_hosts: [oss2] }
ha:
  mode: observe`;

export function configPage(): Page {
  const keys = keysOfSchema();
  const sections = [...new Set(keys.map(({ path }) => sectionOf(path)))];
  return {
    name: 'aureole.yaml',
    section: 5,
    summary: 'configuration of an Aureole cluster',
    sections: [
      section(
        'DESCRIPTION',
        paragraph(
          'The manager reads this file when it starts: /etc/aureole/aureole.yaml, unless AUREOLE_CONFIG or its flag --config names another one. It is YAML; a file with the documented keys of HALO is a valid one. Unknown keys are mistakes, and all mistakes are told at once, each with file, line and column: aureole validate looks for them.',
        ),
        paragraph('Durations are written like 500ms, 10s, 5m, 1h, 1d. File names are absolute.'),
      ),
      section(
        'KEYS',
        ...sections.map((name) =>
          subsection(
            name,
            ...keys
              .filter(({ path }) => sectionOf(path) === name)
              .map((key) => item(termOf(key), textOf(key))),
          ),
        ),
      ),
      section('EXAMPLE', example(EXAMPLE)),
      section('SEE ALSO', 'aureole(1),\naureole\\-validate(1),\naureole\\-manager(8)'),
    ],
  };
}

function sectionOf(path: string): string {
  return path.replace(/[[.].*$/, '');
}

/** From its section on: `fencing[][].agent`. */
function termOf({ path }: Key): string {
  return path.replace(/^[^.]+\./, '');
}

function textOf({ path, isRequired, fallback, words }: Key): string {
  const text = KEY_TEXTS.get(path);
  if (text === undefined) throw new Error(`no text for the key ${path} of the configuration`);
  const hints = [
    ...(words === undefined ? [] : [`One of: ${words.join(', ')}.`]),
    ...(isRequired ? ['Required.'] : []),
    ...(fallback === undefined ? [] : [`Default: ${fallback}.`]),
  ];
  return [text, ...hints].join(' ');
}
