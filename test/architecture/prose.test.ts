import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const COLUMNS_MAX = 100;

describe('what is written in Markdown', () => {
  it('is no wider than code, but for tables and code', () => {
    const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' })
      .split('\n')
      .filter((path) => path !== '' && !path.startsWith('test/'));
    expect(documents.length).toBeGreaterThan(50);
    expect(documents.flatMap((path) => wideLines(path, read(path)))).toEqual([]);
  });

  it('is seen where it is wider', () => {
    const wide = `${'word '.repeat(20)}word`;
    expect(wideLines('a.md', wide)).toHaveLength(1);
    expect(wideLines('a.md', `| ${wide} |`)).toEqual([]);
    expect(wideLines('a.md', `\`\`\`\n${wide}\n\`\`\``)).toEqual([]);
  });
});

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function wideLines(path: string, text: string): readonly string[] {
  let isCode = false;
  return text.split('\n').flatMap((line, i) => {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode;
    const isProse = !isCode && !/^\s*\|/.test(line) && !line.startsWith('    ');
    // A word that is longer than a line, such as a link, cannot be broken.
    const canBreak = line
      .trim()
      .replace(/^([-*] |\d+\. )/, '')
      .includes(' ');
    return isProse && canBreak && line.length > COLUMNS_MAX ? [`${path}:${i + 1}`] : [];
  });
}
