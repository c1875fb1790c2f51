// SPDX-License-Identifier: Apache-2.0
/** Each way in which a test file can be no success, so that none of them is taken for one. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';

const Verdicts = z.array(z.object({ name: z.string(), text: z.string() }));
const Result = z.object({
  passed: z.number(),
  failed: Verdicts,
  skipped: Verdicts,
  output: z.string(),
});
const TEST = `import { test } from 'node:test';\n`;

/** Runs it in a process of its own: within a test, Node refuses to run tests. */
async function resultOf(text: string, deadlineMs = 20_000): Promise<z.infer<typeof Result>> {
  const cwd = await mkdtemp(join(tmpdir(), 'aureole-run-file-'));
  try {
    await writeFile(join(cwd, 'planted.test.mjs'), text);
    const program = `import { runFile } from '${join(import.meta.dirname, 'run-file.ts')}';
      const signal = new AbortController().signal;
      const result = await runFile('planted.test.mjs', { cwd: '${cwd}', deadlineMs: ${deadlineMs}, signal });
      console.log(JSON.stringify(result));`;
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const script = join(cwd, 'run.mjs');
    await writeFile(script, program);
    const { stdout } = await promisify(execFile)(process.execPath, [script], {
      env,
      timeout: 30_000,
    });
    return Result.parse(JSON.parse(stdout));
  } finally {
    await rm(cwd, { recursive: true });
  }
}

test('passed, failed and skipped tests are counted, suites are not', async () => {
  const { passed, failed, skipped, output } = await resultOf(`${TEST}
    import { suite } from 'node:test';
    suite('all', () => {
      test('good', () => {});
      test('bad', () => { console.log('seen'); throw new Error('so it is'); });
      test('absent', { skip: 'no ipmi_sim' }, () => {});
    });`);
  assert.equal(passed, 1);
  assert.deepEqual(
    failed.map(({ name }) => name),
    ['bad'],
  );
  assert.match(failed[0]?.text ?? '', /so it is/);
  assert.deepEqual(skipped, [{ name: 'absent', text: 'no ipmi_sim' }]);
  assert.match(output, /seen/);
});

test('a file that cannot be loaded, or has no tests, fails', async () => {
  const [broken, empty] = await Promise.all([resultOf(`import './nowhere.mjs';`), resultOf('')]);
  assert.equal(broken.failed.length, 1);
  assert.deepEqual(
    empty.failed.map(({ text }) => text),
    ['has no tests'],
  );
});

test('a file that does not end is ended, and fails', async () => {
  const { failed } = await resultOf(
    `${TEST} test('good', () => {}); setInterval(() => {}, 1_000);`,
    1_500,
  );
  assert.match(failed.at(-1)?.text ?? '', /did not end within 1.5 s/);
});

test('a process that a file leaves behind is ended, and fails it', async () => {
  const { passed, failed } = await resultOf(`${TEST}
    import { spawn } from 'node:child_process';
    test('good', () => {
      spawn('sleep', ['3600'], { detached: true, stdio: 'ignore' }).unref();
    });`);
  assert.equal(passed, 1);
  const left = /left process (\d+) \(sleep 3600\) behind/.exec(failed[0]?.text ?? '');
  // A process that is dead has no command line, whether or not somebody has taken notice yet.
  const line = await readFile(`/proc/${left?.[1]}/cmdline`, 'utf8').catch(() => '');
  assert.equal(line, '');
});
