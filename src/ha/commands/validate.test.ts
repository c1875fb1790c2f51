// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PLAIN } from '../../runtime/command.ts';
import { haClient } from '../client.ts';
import { inspectConfig, loadConfig } from '../config.ts';
import { viewConfig } from '../config/config-view.ts';
import { findDifferences } from '../config/differences.ts';
import { renderValidation } from './show-config.ts';
import { validate } from './validate.ts';

const folder = mkdtempSync(join(tmpdir(), 'aureole-validate-'));
after(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'aureole.yaml');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const FILE = `
hosts:
  - { hostname: oss1, fence_agent: powerman }
  - { hostname: oss2, fence_agent: redfish, fence_parameters: { username: halo, password: s3cret, ip: bmc2 } }
resources:
  - { name: ost0, kind: heartbeat/Filesystem, dependents: [ip0], timeouts: { start: 60s } }
  - { name: ip0, kind: heartbeat/IPaddr2, parameters: { ip: 10.0.0.9, api_token: s3cret } }
  - { name: ost1, kind: heartbeat/Filesystem }
resource_groups:
  - { root: ost0, home_host: oss1, failover_hosts: [oss2] }
  - { root: ost1, home_host: oss2, failover_hosts: [oss1], start_after: [ost0] }
node_groups: { oss: "oss[1-2]" }
ha: { mode: manage, fencing: { rearm: after 1h } }
`;

/** What \`validate --against-running\` shows for a change of the file. */
function shownOf(change: (text: string) => string): string[] {
  const running = viewConfig(loadConfig(file(FILE)));
  const config = viewConfig(loadConfig(file(change(FILE))));
  const differences = findDifferences(running, config);
  const result = { path: 'FILE', mistakes: [], warnings: [], config, differences };
  return renderValidation(result, PLAIN).split('\n');
}

function doubtsOf(text: string): string[] {
  const { doubts } = inspectConfig(file(text), 8_000);
  return doubts.map(({ line, col, text: told }) => `${line}:${col}: ${told}`);
}

test('a file is shown as it is understood, and without its secrets', () => {
  const config = viewConfig(loadConfig(file(FILE)));
  const shown = renderValidation({ path: 'FILE', mistakes: [], warnings: ['W'], config }, PLAIN);
  assert.equal(
    shown,
    `FILE:

hosts
  oss1  oss1 port 8000
    level 1: oss1/powerman  fence_powerman ip=localhost plug=oss1  timeout 20s, retries 1
  oss2  oss2 port 8000
    level 1: oss2/redfish  fence_redfish ip=bmc2 ssl_insecure=1 username=halo password=***  timeout 20s, retries 1

resource groups
  ost0  home oss1, failover oss2
    ost0  heartbeat/Filesystem  watched every 5s, start within 1m
      ip0  heartbeat/IPaddr2 ip=10.0.0.9 api_token=***  watched every 5s
  ost1  home oss2, failover oss1, after ost0
    ost1  heartbeat/Filesystem  watched every 5s

node groups
  @oss = oss[1-2]

ha
  mode: manage
  heartbeat_timeout: 10s
  agent_timeout: 1m
  on_agent_timeout: alarm
  restart_attempts: 3
  restart_window: 10m
  fencing.retry: 30s
  fencing.check: 5m
  fencing.max_concurrent: 1
  fencing.max_per_hour: 4
  fencing.rearm: after 1h
  fencing.on_reached: alarm

warnings
  W`,
  );
  assert.doesNotMatch(JSON.stringify(config), /s3cret/);
});

test('what the running manager uses already is told in a line, whatever its order in the file', () => {
  const same = 'the running manager uses what FILE says (passwords are not compared)';
  assert.deepEqual(
    shownOf((text) => text),
    [same],
  );
  const [hosts = '', ...lines] = FILE.trim().split('\n');
  const [first = '', second = '', ...others] = lines;
  assert.deepEqual(
    shownOf(() => [hosts, second, first, ...others].join('\n')),
    [same],
  );
  assert.deepEqual(
    shownOf((text) => text.replaceAll('s3cret', 'another')),
    [same],
  );
});

test('differences stand by host, resource, group and setting', () => {
  const shown = shownOf((text) =>
    text
      .replace('ip: bmc2', 'ip: bmc3, ipport: 8443')
      .replace('hostname: oss1,', 'hostname: "oss1:9000", address: 10.0.0.1,')
      .replace('home_host: oss1', 'home_host: "oss1:9000"')
      .replace('dependents: [ip0]', 'dependents: []')
      .replace(', start_after: [ost0]', '')
      .replace('mode: manage', 'mode: observe, operators: storage')
      .replace('oss[1-2]', 'oss[1-4]'),
  );
  assert.deepEqual(shown, [
    '- the running manager   + FILE   (passwords are not compared)',
    'ha',
    '  ~ mode: manage -> observe',
    '  + operators: storage',
    'host oss1',
    '  ~ address: oss1 -> 10.0.0.1',
    '  ~ port: 8000 -> 9000',
    'host oss2',
    '  ~ oss2/redfish ip: bmc2 -> bmc3',
    '  + oss2/redfish ipport: 8443',
    'resource ip0',
    '  - group: ost0',
    '  - parent: ost0',
    'resource group ost0',
    '  ~ resources: ost0, ip0 -> ost0',
    'resource group ost1',
    '  - start_after: ost0',
    'node_groups',
    '  ~ oss: oss[1-2] -> oss[1-4]',
  ]);
});

test('an object that only one of them has is told with all that it is', () => {
  const shown = shownOf((text) =>
    text
      .replace('resources:\n', '  - { hostname: mds1 }\nresources:\n')
      .replace(/ {2}- .*ost1.*\n/g, ''),
  );
  assert.deepEqual(shown.slice(1), [
    'resource ost1',
    '  - kind: heartbeat/Filesystem',
    '  - group: ost1',
    '  - monitor_interval: 5s',
    'resource group ost1',
    '  - home_host: oss2',
    '  - failover_hosts: oss1',
    '  - start_after: ost0',
    '  - resources: ost1',
    'host mds1',
    '  + address: mds1',
    '  + port: 8000',
  ]);
});

test('what comes out of a file moves no cursor', () => {
  const shown = shownOf((text) => text.replace('10.0.0.9', '"\\e[2Jx\\ny"'));
  assert.equal(shown[2], '  ~ parameter ip: 10.0.0.9 -> x y');
});

test('what is legal and rarely wanted is told with its place', () => {
  assert.deepEqual(doubtsOf(FILE), []);
  const doubtful = `
hosts:
  - { hostname: oss1, fence_agent: redfish, fence_parameters: { username: a, password: b } }
  - { hostname: oss2, fence_parameters: { plug: 2 } }
resources:
  - { name: ost0, kind: heartbeat/Filesystem }
  - { name: ip0, kind: heartbeat/IPaddr2 }
resource_groups:
  - { root: ost0, home_host: oss1, failover_hosts: [] }
ha:
  manager_host: oss1
  agent_timeout: 5s
  fencing: { max_concurrent: 9 }
`;
  assert.deepEqual(doubtsOf(doubtful), [
    '3:36: the BMC is asked under the name of the host itself: write ip under fence_parameters, unless that name leads to the BMC',
    '4:17: host "oss2" is in no group: it is only watched',
    '4:23: fence_parameters without fence_agent have no effect',
    '7:13: resource "ip0" is in no group: nobody starts it or watches it',
    '9:36: group "ost0" has no failover host: nobody takes it over, and nobody is fenced for it',
    '11:3: without ha.witness no silent host is fenced by itself, since the manager may be the one that is cut off',
    '12:3: is shorter than heartbeat_timeout: an agent that restarts would be given less time than a host that is silent',
    '13:14: is more than max_per_hour, which holds first',
  ]);
});

test('a group of operators that this machine does not have is a warning: a manager here does not start', async () => {
  const config = file(FILE.replace('mode: manage', 'mode: manage, operators: no-such-group-here'));
  const context = {
    api: haClient(join(folder, 'none')),
    signal: AbortSignal.timeout(10_000),
    operator: 'eve',
    tell: () => {},
    warn: () => {},
  };
  const { mistakes, warnings } = await validate.run({ config, againstRunning: false }, context);
  assert.deepEqual(mistakes, []);
  assert.match(
    warnings.join('\n'),
    /ha\.operators: there is no group "no-such-group-here" .* \(on this machine no manager starts\)/,
  );
});
