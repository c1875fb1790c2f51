// SPDX-License-Identifier: Apache-2.0
/** Runs suites one after the other and says what became of them; the counts come last. */
import { join } from 'node:path';
import { mapAtOnce } from '../../src/runtime/map-at-once.ts';
import { runFile, type FileResult, type Verdict } from './run-file.ts';
import { findSuites, type Suite } from './suites.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** True: nothing failed. Ctrl-C and the deadline end what runs, and the counts are still told. */
export async function runSuites(names: readonly string[], deadlineMs: number): Promise<boolean> {
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const signal = AbortSignal.any([interrupt.signal, AbortSignal.timeout(deadlineMs)]);

  const results: FileResult[] = [];
  for (const suite of findSuites(names, ROOT)) results.push(...(await runSuite(suite, signal)));
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);

  printVerdicts('Skipped', results, (result) => result.skipped);
  printVerdicts('Failed', results, (result) => result.failed);
  if (interrupt.signal.aborted) console.log('\nInterrupted.');
  else if (signal.aborted) console.log(`\nThe deadline of ${deadlineMs / 60_000} min is over.`);
  return printCounts(results) && !signal.aborted;
}

async function runSuite(suite: Suite, signal: AbortSignal): Promise<readonly FileResult[]> {
  if (suite.files.length === 0) return [];
  console.log(`\n${suite.name}`);
  return await mapAtOnce(suite.files, suite.parallel, async (file) => {
    const options = { cwd: ROOT, deadlineMs: suite.deadlineMs, signal };
    const result = signal.aborted ? notRun(file) : await runFile(file, options);
    printFile(result);
    return result;
  });
}

function notRun(file: string): FileResult {
  const failed = [{ name: file, text: 'was not run any more' }];
  return { file, passed: 0, failed, skipped: [], durationMs: 0, output: '' };
}

function printFile({ file, passed, failed, skipped, durationMs, output }: FileResult): void {
  const sign = failed.length > 0 ? '✖' : passed > 0 ? '✔' : '-';
  const counts = [
    `${passed} passed`,
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
  ].join(', ');
  console.log(`  ${sign} ${file}: ${counts} (${(durationMs / 1_000).toFixed(1)} s)`);
  if (failed.length > 0 && output !== '') console.log(indent(output.trimEnd()));
}

function printVerdicts(
  title: string,
  results: readonly FileResult[],
  pick: (result: FileResult) => readonly Verdict[],
): void {
  const some = results.filter((result) => pick(result).length > 0);
  if (some.length === 0) return;
  console.log(`\n${title}`);
  for (const result of some) {
    console.log(`  ${result.file}`);
    for (const { name, text } of pick(result))
      console.log(`    ${name}: ${indent(text).trimStart()}`);
    if (title === 'Failed') console.log(`    Repeat it with: npx node --test ${result.file}`);
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, '      ');
}

/** The last line, for programs as much as for people. */
function printCounts(results: readonly FileResult[]): boolean {
  const sum = (count: (result: FileResult) => number): number =>
    results.reduce((total, result) => total + count(result), 0);
  const passed = sum((result) => result.passed);
  const failed = sum((result) => result.failed.length);
  const skipped = sum((result) => result.skipped.length);
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 && passed > 0;
}
