// SPDX-License-Identifier: Apache-2.0
/**
 * Runs a bundle with its code cache: start.cjs BUNDLE WORDS... The cache is a file of the package, made
 * when that was built, and root's like the rest of it: nobody else could put code into it, and a
 * system without a writable disk starts as fast. With another build of Node it is not used.
 */
'use strict';
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, resolve } = require('node:path');
const { Script } = require('node:vm');

process.argv.splice(1, 1);
const file = process.argv[1];
const script = new Script(
  `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`,
  { filename: file, cachedData: readCache(`${file}.cache`) },
);

function run() {
  const fresh = { exports: {} };
  script
    .runInThisContext()
    .call(fresh.exports, fresh.exports, createRequire(resolve(file)), fresh, file, dirname(file));
}

function readCache(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

// For the warm-up, which keeps what was compiled.
module.exports = { script, run };
run();
