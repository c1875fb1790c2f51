// SPDX-License-Identifier: Apache-2.0
/**
 * Plays a scenario: a text of directives, each block with the outcome that it had. What comes back is
 * the same text with the outcomes of now; a scenario holds when nothing in it has changed.
 */
import { DIRECTIVES } from './scenario-directives.ts';
import { Stage } from './scenario-stage.ts';

const OUTCOME = '----';
const NOTHING = 'nothing happens';

export function playScenario(text: string): string {
  const stage = new Stage();
  const written: string[] = [];
  let isOld = false;
  let isShown = false;
  const endBlock = (): void => {
    const outcome = stage.takeLines();
    if (isShown && outcome.length === 0) outcome.push(NOTHING);
    if (outcome.length > 0) written.push(OUTCOME, ...outcome);
    isOld = false;
    isShown = false;
  };
  const lines = text.trimEnd().split('\n');
  for (const [index, line] of lines.entries()) {
    const words = line
      .replace(/(?:^|\s)#.*/, '')
      .split(/\s+/)
      .filter((word) => word !== '');
    if (line === '') {
      endBlock();
      written.push(line);
    } else if (line === OUTCOME) isOld = true;
    else if (!isOld) {
      written.push(line);
      if (words.length > 0) isShown = playLine(stage, words, index + 1) || isShown;
    }
  }
  endBlock();
  return `${written.join('\n')}\n`;
}

function playLine(stage: Stage, [verb = '', ...words]: readonly string[], line: number): boolean {
  const directive = DIRECTIVES[verb];
  if (directive === undefined) {
    throw new Error(
      `line ${line}: no such directive: ${verb}; there are ${Object.keys(DIRECTIVES).join(', ')}`,
    );
  }
  try {
    directive.play(stage, words);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Error(`line ${line}: ${[verb, ...words].join(' ')}: ${error.message}`, {
      cause: error,
    });
  }
  return directive.shown;
}
