// SPDX-License-Identifier: Apache-2.0
/**
 * A shared disk: an image with an ext4 on one loop device, which every lab host sees. As on a real
 * shared disk nothing keeps two hosts from mounting it; here they would share the kernel's one
 * cache of it, so that the lab survives what a cluster would not.
 */
import { truncateSync, writeFileSync } from 'node:fs';
import { runCommand } from './command.ts';

const SIZE_MB = 16;

/** The loop device. */
export async function createDisk(image: string, sizeMb: number = SIZE_MB): Promise<string> {
  writeFileSync(image, '', { flag: 'wx' });
  truncateSync(image, sizeMb * 1_048_576);
  await runCommand('mkfs.ext4', ['-q', '-F', '-m', '0', image]);
  return (await runCommand('losetup', ['--find', '--show', image])).trim();
}

/** A device that is still mounted somewhere goes when the last mount does. */
export async function detachDisk(image: string): Promise<void> {
  const devices = await runCommand('losetup', ['--noheadings', '--output', 'NAME', '-j', image]);
  for (const device of devices.split('\n').filter((name) => name !== '')) {
    await runCommand('losetup', ['--detach', device.trim()]);
  }
}
