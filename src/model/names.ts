// SPDX-License-Identifier: Apache-2.0
/** Which names hosts, resources and OCF scripts may have: what is safe in a path, a URL and on a terminal. */
import { z } from 'zod';

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** A host's name or IPv4 address, without a port. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && LABEL.test(text) && !text.includes('..');
}

export type HostAndPort = { readonly name: string; readonly port?: number };

/** `name` or `name:port`; undefined for anything else. */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  const [name, digits, ...more] = text.split(':');
  if (name === undefined || more.length > 0 || !isHostName(name)) return undefined;
  if (digits === undefined) return { name };
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  return port >= 1 && port <= 65_535 ? { name, port } : undefined;
}

/** Resources are often named after pools and devices: anything printable without blanks, no option-like dash in front. */
export const ResourceName = z
  .string('is no name: write a word')
  .regex(
    /^[^\s\p{C}-][^\s\p{C}]{0,255}$/u,
    'is no name for a resource: use 1 to 256 printable characters without blanks, no dash first',
  );

/** `provider/type` below `<ocf_root>/resource.d`; nothing that could lead out of it. */
export const OcfKind = z
  .string('write provider/type, like heartbeat/Filesystem')
  .max(128, 'is too long: at most 128 characters')
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*\/[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/,
    'is no OCF script: write provider/type, like heartbeat/Filesystem',
  );

const FENCE_PROGRAM = /^fence_[a-z0-9_]+$/;

/** `fence_ipmilan`, or an absolute path to a program with such a name. */
export function isFenceAgent(text: string): boolean {
  if (FENCE_PROGRAM.test(text)) return true;
  const parts = text.split('/');
  const plain = parts.slice(1).every((part) => /^[A-Za-z0-9_+.-]+$/.test(part) && part !== '..');
  return parts[0] === '' && plain && FENCE_PROGRAM.test(parts.at(-1) ?? '');
}
