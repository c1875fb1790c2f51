// SPDX-License-Identifier: Apache-2.0
/**
 * HALO's statefile: a record for each line, `TIME TAB EVENT TAB OBJECT TAB COMMENT`. It is read as
 * strictly as HALO reads it: what looks like no record may be half of one, and half a record that is
 * passed over is a flag that is lost.
 */

export const HALO_EVENTS = [
  'manage',
  'unmanage',
  'activate',
  'deactivate',
  'fence',
  'reset',
  'clear',
] as const;
export type HaloEvent = (typeof HALO_EVENTS)[number];

export type HaloRecord = {
  readonly line: number;
  /** Milliseconds since 1970. HALO writes local time without a zone: it is taken for this machine's. */
  readonly at: number;
  /** Digits that sort as HALO sorts its records: by the local time, with the hour doubled in autumn. */
  readonly order: string;
  readonly event: HaloEvent;
  /** A resource group, a host without its port, or `events`. */
  readonly object: string;
  readonly comment: string;
};

export type HaloRecords = {
  readonly records: readonly HaloRecord[];
  readonly mistakes: readonly { readonly line: number; readonly text: string }[];
};

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/;

/** In the order of the file. */
export function parseHaloState(text: string): HaloRecords {
  const records: HaloRecord[] = [];
  const mistakes: { line: number; text: string }[] = [];
  const lines = text.split('\n');
  // Behind the last line break there is nothing; without it the last record was not written to its end.
  const rest = lines.pop() ?? '';
  for (const [index, content] of lines.entries()) {
    const record = parseRecord(content.replace(/\r$/, ''), index + 1);
    if (typeof record === 'string') mistakes.push({ line: index + 1, text: record });
    else records.push(record);
  }
  if (rest !== '') {
    const remedy = 'complete the line or remove it';
    mistakes.push({ line: lines.length + 1, text: `is cut off, without a line break: ${remedy}` });
  }
  return { records, mistakes };
}

/** The record, or why there is none. */
function parseRecord(content: string, line: number): HaloRecord | string {
  const [time = '', word = '', object = '', ...comment] = content.split('\t');
  const instant = parseLocalTime(time);
  if (instant === undefined) {
    return 'does not begin with a time: join it to the record before if it is the rest of a comment, else remove it';
  }
  const event = HALO_EVENTS.find((one) => one === word);
  if (event === undefined) return `"${word}" is no event: write ${HALO_EVENTS.join(', ')}`;
  if (object === '')
    return `names nothing that was told to ${event}: complete the line or remove it`;
  return { line, ...instant, event, object, comment: comment.join('\t') };
}

function parseLocalTime(text: string): { at: number; order: string } | undefined {
  const [matched, ...parts] = TIME.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const fraction = (parts[6] ?? '').padEnd(9, '0');
  const ms = Number(fraction.slice(0, 3));
  // A second 60 is a leap second.
  const date = new Date(year, month - 1, day, hour, minute, Math.min(second, 59), ms);
  const isReal =
    date.getMonth() === month - 1 &&
    date.getDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 61;
  return isReal
    ? { at: date.getTime(), order: `${parts.slice(0, 6).join('')}${fraction}` }
    : undefined;
}
