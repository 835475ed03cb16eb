import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
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

describe('the walk through the sources', () => {
  const [, event = '', rebuild = ''] = read('docs/explanation/walk-through.md').split('\n## ');
  const filesOf = (text: string) => [...text.matchAll(/^\| \d+ \| `([^`]+)`/gm)].map(([, f]) => f);

  it('names files that exist, each once', () => {
    const files = [...filesOf(event), ...filesOf(rebuild)];
    expect(files.filter((file) => !existsSync(join(ROOT, 'src', file ?? '')))).toEqual([]);
    expect(new Set(files).size).toBe(files.length);
  });

  it('is short: 25 files for an event, and 15 more for a rebuild', () => {
    expect(filesOf(event).length).toBeGreaterThan(15);
    expect(filesOf(event).length).toBeLessThanOrEqual(25);
    expect(filesOf(rebuild).length).toBeGreaterThan(10);
    expect(filesOf(rebuild).length).toBeLessThanOrEqual(15);
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
