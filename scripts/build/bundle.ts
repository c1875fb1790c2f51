// SPDX-License-Identifier: Apache-2.0
/**
 * Single files from the sources: one of everything, one of the agent alone. As CommonJS, since there a
 * module of Node is loaded where it is first used, and not because some other command needs it.
 */
import { copyFileSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { MODULES, ROOT } from './places.ts';

export type Bundle = {
  /** Of the file, and of the folder that it is installed in. */
  readonly name: 'aureole' | 'aureole-agent';
  readonly file: string;
  /** Folders of the packages of which code is in it. */
  readonly packages: readonly string[];
};

const ENTRIES = [
  ['aureole', 'src/cli/main.ts'],
  ['aureole-agent', 'src/cli/agent-main.ts'],
] as const;

/** Of each line, about: a stack trace tells a place in it. */
const LINE_LENGTH = 200;

export async function bundleAll(folder: string): Promise<readonly Bundle[]> {
  const native = `@koromix/koffi-linux-${process.arch}`;
  copyFileSync(
    join(MODULES, native, `linux_${process.arch}`, 'koffi.node'),
    join(folder, 'koffi.node'),
  );
  return await Promise.all(
    ENTRIES.map(async ([name, entry]) => {
      const file = join(folder, `${name}.cjs`);
      const { metafile } = await build({
        absWorkingDir: ROOT,
        entryPoints: [entry],
        outfile: file,
        bundle: true,
        platform: 'node',
        target: 'node26',
        format: 'cjs',
        // The file is run from its code cache, and what is run so may not use import().
        supported: { 'dynamic-import': false },
        metafile: true,
        // The text of a program stays in memory for as long as it runs. Names stay, for stack traces.
        minifyWhitespace: true,
        minifySyntax: true,
        lineLimit: LINE_LENGTH,
        // Its other entry asks import.meta where it lies, which a single file cannot answer.
        alias: { koffi: join(MODULES, 'koffi', 'index.cjs') },
        legalComments: 'none',
        logLevel: 'error',
        plugins: [besideTheBundle, ourSources, withoutLocales, lazyChildProcess, logInOurThread],
      });
      return { name, file, packages: [...new Set([...packagesIn(metafile), native])].toSorted() };
    }),
  );
}

/** The native part of koffi lies beside the bundle. */
const besideTheBundle: Plugin = {
  name: 'beside the bundle',
  setup(bundling) {
    bundling.onResolve({ filter: /^@koromix\/koffi-/ }, ({ path }) => ({
      path,
      namespace: 'native',
    }));
    bundling.onLoad({ filter: /.*/, namespace: 'native' }, () => ({
      contents: 'module.exports = require(`${__dirname}/koffi.node`);',
    }));
  },
};

/**
 * What a source looks for beside itself is installed in folders of the same names, beside the bundle. And
 * of zod only what is used gets in, which esbuild can tell of a namespace, but not of an object.
 */
const ourSources: Plugin = {
  name: 'our sources',
  setup(bundling) {
    bundling.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const folder = relative(ROOT, dirname(path));
      const text = readFileSync(path, 'utf8');
      const contents = text
        .replace("import { z } from 'zod';", "import * as z from 'zod';")
        .replaceAll('import.meta.dirname', `(__dirname + '/${folder}')`);
      return { contents, loader: 'ts' };
    });
  },
};

/** Zod brings its messages in fifty languages, and we speak one. */
const withoutLocales: Plugin = {
  name: 'without locales',
  setup(bundling) {
    bundling.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: `export { default as en } from './en.js';`,
    }));
  },
};

/** Commander could start subcommands as programs; ours never do, and its price is a sixth of a start. */
const lazyChildProcess: Plugin = {
  name: 'lazy child process',
  setup(bundling) {
    bundling.onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
      importer.includes('/node_modules/commander/') ? { path, namespace: 'lazy' } : undefined,
    );
    bundling.onLoad({ filter: /.*/, namespace: 'lazy' }, () => ({
      contents: `module.exports = { spawn: (...args) => require('node:child_process').spawn(...args) };`,
    }));
  },
};

/**
 * Pino could write in a thread of its own; ours does not, and what that needs of Node is a tenth of an
 * agent's memory.
 */
const logInOurThread: Plugin = {
  name: 'log in our thread',
  setup(bundling) {
    const contentsOf = new Map([
      ['worker_threads', 'module.exports = { isMainThread: true };'],
      ['assert', 'module.exports = (value, message) => { if (!value) throw new Error(message); };'],
    ]);
    bundling.onResolve({ filter: /^(?:worker_threads|assert)$/ }, ({ path, importer }) =>
      /\/node_modules\/(?:pino|sonic-boom)\//.test(importer)
        ? { path, namespace: 'log' }
        : undefined,
    );
    bundling.onLoad({ filter: /.*/, namespace: 'log' }, ({ path }) => ({
      contents: contentsOf.get(path) ?? '',
    }));
    bundling.onLoad({ filter: /\/node_modules\/pino\/lib\/transport\.js$/ }, () => ({
      contents: `module.exports = () => { throw new Error('logs are written in one thread only'); };`,
    }));
  },
};

function packagesIn({ inputs }: Metafile): readonly string[] {
  return Object.keys(inputs).flatMap((path) => {
    const found = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
    return found === undefined ? [] : [found];
  });
}
