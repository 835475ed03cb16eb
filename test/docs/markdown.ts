const COLUMNS_MAX = 100;

/** Wraps a text at the width of the documents; lists stay as they are. */
export function wrapped(text: string): string {
  return text
    .split(/\n{2,}/)
    .map((paragraph) => (/^ *- /m.test(paragraph) ? paragraph : fill(paragraph)))
    .map(escaped)
    .join('\n\n');
}

/** An item of a list, wrapped. */
export function listItem(text: string): string {
  return `- ${escaped(fill(text, '  '))}`;
}

/** Breaks a text into lines that begin with `indent`, the first one apart. */
export function fill(text: string, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > COLUMNS_MAX) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(`\n${indent}`);
}

/** Rows of a table. `header` names the columns. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')).join(' | ')} |`;
  return [row(header), `|${header.map(() => '---|').join('')}`, ...rows.map(row)];
}

/** A block of code. Its language is not `ts`: the test of the documents compiles those alone. */
export function codeBlock(text: string): string {
  return `\`\`\`typescript\n${text}\n\`\`\``;
}

/** A text without what would be HTML; code between backticks stays. */
function escaped(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 === 0 ? part.replaceAll('<', '&lt;') : part))
    .join('');
}
