// SPDX-License-Identifier: Apache-2.0
/** The Tab key, in the shells themselves. A manager is played that has two hosts and a group. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { needs } from '../needs.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const BASH_COMPLETION = '/usr/share/bash-completion/bash_completion';
const folder = mkdtempSync(join(tmpdir(), 'aureole-completion-'));
const socket = join(folder, 'manager.sock');

function host(name: string) {
  const known = { active: true, armed: true, devices: [], reason: '' };
  return { ...known, name, status: 'online' };
}

const STATUS = {
  mode: 'manage',
  acting: true,
  epoch: { journal: 'j', number: 1 },
  hosts: [host('oss1'), host('oss2'), host('$(reboot)')],
  groups: [],
  alarms: [],
};

let answers = true;
const server = createServer((_request, response) => {
  if (answers) response.end(JSON.stringify(STATUS));
});

before(async () => {
  mkdirSync(join(folder, 'bin'));
  const program = `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`;
  writeFileSync(join(folder, 'bin', 'aureole'), program, { mode: 0o755 });
  await new Promise<void>((resolve) => void server.listen(socket, resolve));
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

async function run(file: string, ...args: readonly string[]): Promise<string> {
  const env = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    AUREOLE_SOCKET: socket,
    TERM: 'dumb',
  };
  const options = { env, timeout: 20_000, cwd: folder };
  return (await promisify(execFile)(file, [...args], options)).stdout;
}

async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const lines = (await run('aureole', 'complete', '--', ...words)).trimEnd().split('\n');
  return lines.map((line) => line.split('\t')[0] ?? '');
}

/** As bash does it: a function is called with the words of the line, and says what may come. */
async function inBash(...words: readonly string[]): Promise<readonly string[]> {
  const text = `source ${BASH_COMPLETION}; source <(aureole complete bash)
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=\${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9
    _aureole; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const said = await run('bash', '--norc', '-c', text, 'bash', 'aureole', ...words);
  return said.trimEnd().split('\n');
}

test('verbs, options and hosts of the running manager are offered', async () => {
  assert.deepEqual(await offered('dea'), ['deactivate', ':4']);
  assert.deepEqual(await offered('fence', '--rea'), ['--reason', ':4']);
  assert.deepEqual(await offered('fence', ''), ['oss1', 'oss2', ':4']);
  assert.deepEqual(await offered('events', 'cl'), ['clear', ':4']);
});

test('a nodeset is left alone, and so is what takes no names', async () => {
  assert.deepEqual(await offered('fence', 'oss[1-'), [':4']);
  assert.deepEqual(await offered('status', ''), [':4']);
});

test('where a file is wanted, the shell may offer files', async () => {
  assert.deepEqual(await offered('manager', '--config', ''), [':0']);
});

test('a manager that does not answer is not waited for, and nothing is said', async () => {
  answers = false;
  const begun = performance.now();
  try {
    assert.deepEqual(await offered('fence', ''), [':4']);
  } finally {
    answers = true;
  }
  assert.ok(performance.now() - begun < 5_000);
});

const BASH = { skip: needs({ programs: ['bash'], files: [BASH_COMPLETION] }) };

test('bash offers them', BASH, async () => {
  assert.deepEqual(await inBash('stat'), ['status']);
  assert.deepEqual(await inBash('deactivate', 'os'), ['oss1', 'oss2']);
  assert.deepEqual(await inBash('fence', 'oss1', '--re'), ['--reason']);
});

test('bash runs nothing of the line that is being typed', BASH, async () => {
  const planted = join(folder, 'planted');
  await inBash('fence', `$(touch ${planted})`, '`touch ${planted}`', ';', 'touch', planted, '');
  assert.equal(existsSync(planted), false);
});

/** In a terminal of its own, since zsh completes nowhere else. `until`: what is on it then. */
function inZsh(typed: string, until: string): Promise<string> {
  const text = `zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PS1='> '; autoload -Uz compinit; compinit -u -d $HOME/dump; source <(aureole complete zsh); echo re''ady"
    zpty -r -m shell line '*ready*'
    zpty -w -n shell "$1"$'\\t'
    zpty -r -m shell line "$2" && print "$line"`;
  return run('zsh', '-f', '-c', text, 'zsh', typed, until);
}

const ZSH = { skip: needs({ programs: ['zsh'] }) };

test('zsh offers them', ZSH, async () => {
  assert.match(await inZsh('aureole deacti', '*deactivate *'), /aureole deactivate /);
});

test('zsh runs nothing of the line that is being typed', ZSH, async () => {
  const planted = join(folder, 'planted-in-zsh');
  await inZsh(`aureole fence $(touch ${planted}) '\`touch ${planted}\`' os`, '*oss*');
  assert.equal(existsSync(planted), false);
});

test('fish offers them', { skip: needs({ programs: ['fish'] }) }, async () => {
  const ask = (line: string): Promise<string> =>
    run('fish', '--no-config', '-c', `aureole complete fish | source; complete -C '${line}'`);
  assert.match(await ask('aureole deacti'), /^deactivate\t/);
  assert.equal(await ask('aureole deactivate os'), 'oss1\noss2\n');
  const planted = join(folder, 'planted-in-fish');
  assert.equal(await ask(`aureole deactivate (touch ${planted}) os`), 'oss1\noss2\n');
  assert.equal(existsSync(planted), false, 'it runs nothing of the line');
});
