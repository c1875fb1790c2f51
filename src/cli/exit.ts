// SPDX-License-Identifier: Apache-2.0
/** Exit codes. Scripts and systemd units lean on them: they do not change. */
import { AureoleError } from '../kernel/error.ts';
import type { Verdict } from '../runtime/command.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** Refused for safety: nothing was done. */
  refused: 3,
  /** Nobody knows whether it was done. */
  unknown: 4,
  unreachable: 5,
  /** Of `status --check`: every group runs, but something wants a look. */
  degraded: 10,
  /** Of `status --check`: a group is not known to run. */
  down: 11,
  /** A daemon cannot start before somebody corrects its configuration or state; systemd does not try again. */
  unusable: 64,
} as const;

export function exitCodeOfVerdict(verdict: Verdict): number {
  return EXIT[verdict];
}

const BY_CODE: ReadonlyMap<string, number> = new Map([
  ['usage', EXIT.usage],
  ['nodeset-wrong', EXIT.usage],
  ['not-confirmed', EXIT.refused],
  ['manager-unreachable', EXIT.unreachable],
  ['config-invalid', EXIT.unusable],
  ['settings-invalid', EXIT.unusable],
  ['journal-in-use', EXIT.unusable],
  ['journal-unusable', EXIT.unusable],
  ['socket-unusable', EXIT.unusable],
  ['insecure-network', EXIT.unusable],
  ['agent-state-damaged', EXIT.unusable],
  ['agent-run-directory-in-use', EXIT.unusable],
  ['agent-run-directory-unusable', EXIT.unusable],
  ['agent-listen-insecure', EXIT.unusable],
  ['identity-unusable', EXIT.unusable],
]);

export function exitCodeOfError(error: unknown): number {
  if (!(error instanceof AureoleError)) return EXIT.failed;
  const code = BY_CODE.get(codeOf(error) ?? '');
  if (code !== undefined) return code;
  if (error.effect === 'unknown') return EXIT.unknown;
  return codeOf(error) === 'manager-silent' ? EXIT.unreachable : EXIT.failed;
}

function codeOf({ details }: { readonly details: unknown }): string | undefined {
  if (typeof details !== 'object' || details === null || !('code' in details)) return undefined;
  return typeof details.code === 'string' ? details.code : undefined;
}
