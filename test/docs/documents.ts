import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, with a trailing slash. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A fenced block of a document. `line` is the line of its fence, from 1. */
export interface Block {
  readonly document: string;
  readonly language: string;
  readonly line: number;
  readonly text: string;
}

/**
 * Every document that a reader meets: those at the root and all below docs. Paths are relative to
 * the root.
 */
export function documents(): readonly string[] {
  const below = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort();
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...below];
}

/** Text of a document. */
export function textOf(document: string): string {
  return readFileSync(join(ROOT, document), 'utf8');
}

/** The fenced blocks of a text, in order. */
export function blocksOf(document: string, text: string): readonly Block[] {
  const blocks: Block[] = [];
  const fence = /^```(\w*)[^\n]*\n([\s\S]*?)^```\s*$/gm;
  for (const match of text.matchAll(fence)) {
    const line = text.slice(0, match.index).split('\n').length;
    blocks.push({ document, language: match[1] ?? '', line, text: match[2] ?? '' });
  }
  return blocks;
}
