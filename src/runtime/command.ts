// SPDX-License-Identifier: Apache-2.0
/**
 * A command as a value: typed input in, a result out. Showing the result and judging it are pure
 * steps apart, so that tests look at results and `--json` is the same for all commands.
 */
import type { z } from 'zod';

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

/** How to show: colours only where somebody sees them. */
export type Look = { readonly paint: (style: Style, text: string) => string };

export const PLAIN: Look = { paint: (_style, text) => text };

/** What became of it, or how the cluster is; the command line turns it into an exit code. */
export type Verdict = 'done' | 'failed' | 'refused' | 'unknown' | 'degraded' | 'down';

export type CommandContext<Api> = {
  readonly api: Api;
  readonly signal: AbortSignal;
  /** Login of who asks. */
  readonly operator: string;
  /** Asks the person at the terminal; absent where there is none. */
  readonly ask?: (question: string) => Promise<string>;
  /** The same, and what is typed is not shown. */
  readonly askSecret?: (question: string) => Promise<string>;
  /** Tells the person at the terminal what goes on; nobody hears it where there is none. */
  readonly tell: (text: string) => void;
  /** Says on standard error what must be read, also by who reads the log of a script. */
  readonly warn: (text: string) => void;
};

export type Argument = {
  readonly name: string;
  readonly description: string;
  /** Takes all words that are left, as a list. */
  readonly many?: true;
  readonly optional?: true;
};

export type Command<Input, Result, Api> = {
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly Argument[];
  /** In commander's notation: `-n, --count <n>`. */
  readonly options: readonly { readonly flags: string; readonly description: string }[];
  /** From arguments and options by their names, all of them texts, lists of texts, or true. */
  readonly input: z.ZodType<Input>;
  readonly examples: readonly string[];
  readonly run: (input: Input, context: CommandContext<Api>) => Promise<Result>;
  /** Further results, for input that asks to go on; undefined: this input does not. */
  readonly follow?: (
    input: Input,
    context: CommandContext<Api>,
  ) => AsyncIterable<Followed<Result>> | undefined;
  /** Undefined: there is nothing to show, not even an empty line. */
  readonly render: (result: Result, look: Look, input: Input) => string | undefined;
  readonly verdict: (result: Result, input: Input) => Verdict;
};

/** `whole`: stands in the place of what was shown before. `more`: comes after it. `notice`: for the person only. */
export type Followed<Result> =
  | { readonly type: 'whole' | 'more'; readonly result: Result }
  | { readonly type: 'notice'; readonly text: string };
