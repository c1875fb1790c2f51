// SPDX-License-Identifier: Apache-2.0
/** Manual pages as text in the man(7) macros. */

export type Page = {
  readonly name: string;
  readonly section: 1 | 5 | 8;
  readonly summary: string;
  /** Each begins with `.SH`. */
  readonly sections: readonly string[];
};

export type Edition = { readonly version: string; readonly epoch: number };

export function pageText(page: Page, { version, epoch }: Edition): string {
  const date = new Date(epoch * 1_000).toISOString().slice(0, 10);
  const name = escape(page.name.toUpperCase());
  return [
    `.TH "${name}" "${page.section}" "${date}" "Aureole ${version}" "Aureole"`,
    section('NAME', `${escape(page.name)} \\- ${escape(page.summary)}`),
    ...page.sections,
    '',
  ].join('\n');
}

export function section(title: string, ...lines: readonly string[]): string {
  return headed(`.SH ${title}`, lines);
}

export function subsection(title: string, ...lines: readonly string[]): string {
  return headed(`.SS ${escape(title)}`, lines);
}

/** A heading begins a paragraph by itself. */
function headed(heading: string, lines: readonly string[]): string {
  return `${heading}\n${lines.join('\n').replace(/^\.PP\n/, '')}`;
}

export function paragraph(text: string): string {
  return `.PP\n${escape(text)}`;
}

/** A term in bold, and below it what it is. */
export function item(term: string, text: string): string {
  return `.TP\n\\fB${escape(term)}\\fR\n${escape(text)}`;
}

/** As it is typed, line for line. */
export function example(text: string): string {
  return `.PP\n.RS 4\n.nf\n${text.split('\n').map(escape).join('\n')}\n.fi\n.RE`;
}

/** What roff would take for something else: a backslash anywhere, a dot or quote that begins a line, and hyphens that are to be typed. */
export function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga')
    .replaceAll(/^([.'])/gm, '\\&$1');
}
