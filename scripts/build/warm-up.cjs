// SPDX-License-Identifier: Apache-2.0
/**
 * warm-up.cjs START BUNDLE CACHE WORDS...: runs a bundle on each of the words after each other, for what
 * that compiles, and keeps the code. V8 compiles a function when it is first called, and a cache has what
 * was compiled until then.
 */
'use strict';
const { writeFileSync } = require('node:fs');

const [, , start, bundle, cache, ...lines] = process.argv;
process.argv = [process.execPath, start, bundle, ...(lines.shift() ?? '').split(' ')];
const { script, run } = require(start);

// Each of them ends when nothing is left to be waited for.
process.on('beforeExit', () => {
  const words = lines.shift();
  if (words === undefined) {
    writeFileSync(cache, script.createCachedData());
    process.exit(0);
  }
  process.argv = [process.execPath, bundle, ...words.split(' ')];
  run();
  // Without anything to wait for, Node would not come back here.
  setImmediate(() => undefined);
});
