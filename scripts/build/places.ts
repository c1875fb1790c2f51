// SPDX-License-Identifier: Apache-2.0
/** Where things lie: the sources, and what is built from them. */
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');
export const MODULES = join(ROOT, 'node_modules');
/** Node as the lock file pins it, for this platform. */
export const NODE_PACKAGE = join(MODULES, `node-linux-${process.arch}`);
export const PACKAGING = join(ROOT, 'packaging');
