// SPDX-License-Identifier: Apache-2.0
/**
 * The last outputs of each resource's scripts, for whoever asks why. In memory, bounded in number
 * and in size. A monitor that says the same again takes the place of the one before, so that the
 * output of the start is still there an hour later.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Output } from '../contract.ts';

const PER_RESOURCE_MAX = 5;
const LENGTH_MAX = 8_388_608;

export class LastOutputs {
  /** Oldest first, of all resources. */
  #outputs: Output[] = [];

  add(output: Output): void {
    const ofResource = this.#outputs.filter((other) => other.resource === output.resource);
    const last = ofResource.at(-1);
    const isRepeated =
      output.operation === 'monitor' &&
      last?.operation === 'monitor' &&
      isDeepStrictEqual(last.outcome, output.outcome);
    const oldest = ofResource.length >= PER_RESOURCE_MAX ? ofResource[0] : undefined;
    const replaced = isRepeated ? last : oldest;
    this.#outputs = [...this.#outputs.filter((other) => other !== replaced), output];
    let length = this.#outputs.reduce((sum, each) => sum + lengthOf(each), 0);
    while (length > LENGTH_MAX) {
      const [first, ...rest] = this.#outputs;
      if (first === undefined) return;
      length -= lengthOf(first);
      this.#outputs = rest;
    }
  }

  list(): Output[] {
    return this.#outputs;
  }
}

function lengthOf(output: Output): number {
  return output.stdout.length + output.stderr.length + 1_024;
}
