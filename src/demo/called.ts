// SPDX-License-Identifier: Apache-2.0
/** How whoever reads our hints calls this program: by its name where it is installed, by npx in a clone. */
const isInstalled = process.argv[1]?.endsWith('.cjs') === true;

export const AUREOLE = isInstalled ? 'aureole' : 'npx aureole';
export const IN_THE_CLONE = isInstalled ? '' : ', in this folder';
