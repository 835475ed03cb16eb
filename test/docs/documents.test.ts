import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { typeWords } from '../support/command-line.ts';
import { anchorsOf } from './anchors.ts';
import { blocksOf, documents, ROOT, textOf } from './documents.ts';
import { snippetErrors } from './snippet-compiler.ts';

const CLI_REFERENCE = 'docs/reference/cli.md';

const all = documents();
const blocks = all.flatMap((document) => blocksOf(document, textOf(document)));

describe('the documents', () => {
  it('hold TypeScript that compiles against the public API', () => {
    const snippets = blocks.filter((block) => block.language === 'ts');
    expect(snippets.length).toBeGreaterThan(0);
    expect(snippetErrors(snippets)).toEqual([]);
  });

  it('hold JSON that parses', () => {
    for (const block of blocks.filter((one) => one.language === 'json')) {
      expect(
        () => JSON.parse(block.text) as unknown,
        `${block.document}:${block.line}`,
      ).not.toThrow();
    }
  });

  it('link to files that exist', () => {
    const broken = all.flatMap((document) =>
      [...textOf(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => !existsSync(join(ROOT, dirname(document), target)))
        .map((target) => `${document}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('link to headings that exist', () => {
    const anchors = new Map(all.map((document) => [document, anchorsOf(textOf(document))]));
    const links = all.flatMap((document) =>
      [...textOf(document).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)].map(
        ([, file = '', anchor = '']) => ({
          from: document,
          to: file === '' ? document : join(dirname(document), file),
          anchor,
        }),
      ),
    );
    expect(links.length).toBeGreaterThan(370);
    const broken = links.filter(({ to, anchor }) => anchors.get(to)?.has(anchor) !== true);
    expect(broken).toEqual([]);
  });

  it('explain every error code, and no other', () => {
    const source = readFileSync(join(ROOT, 'src/reprise-error.ts'), 'utf8');
    const union = /export type ErrorCode =([^;]+);/.exec(source)?.[1] ?? '';
    const codes = [...union.matchAll(/\| '([A-Z_]+)'/g)].map((match) => match[1]);
    const explained = [...textOf('docs/reference/errors.md').matchAll(/^\| `([A-Z_]+)`/gm)];
    expect(new Set(explained.map((match) => match[1]))).toEqual(new Set(codes));
  });

  it('have a section with the help of every command', () => {
    const sections = [...textOf(CLI_REFERENCE).matchAll(/^### ([a-z -]+)$/gm)].map(
      ([, name]) => name,
    );
    const shown = [...textOf(CLI_REFERENCE).matchAll(/^\$ reprise ([a-z -]+) --help$/gm)];
    const commands = commandsOf(createProgram());
    expect(new Set(sections)).toEqual(new Set(commands));
    expect(new Set(shown.map(([, name]) => name))).toEqual(new Set(commands));
  });

  /** `npx vitest run --project docs -u` writes the present help texts into the document. */
  it('show the help of every command as it is', async () => {
    let text = textOf(CLI_REFERENCE);
    for (const block of blocksOf(CLI_REFERENCE, text)) {
      const example = /^\$ reprise ((?:[a-z][a-z-]* )*)--help\n/.exec(block.text);
      if (example === null) continue;
      const words = (example[1] ?? '').split(' ').filter((word) => word !== '');
      text = text.replace(block.text, `${example[0]}${await helpOf(words)}`);
    }
    await expect(text).toMatchFileSnapshot(join(ROOT, CLI_REFERENCE));
  });
});

describe('the snippet compiler', () => {
  it('reports the line of a mistake, and nothing else', () => {
    const text = '// projections/wrong.ts\nconst wrong: number = "text";\n';
    const block = { document: 'a.md', language: 'ts', line: 10, text };
    expect(snippetErrors([block])).toEqual([
      "a.md:12 Type 'string' is not assignable to type 'number'.",
    ]);
  });

  it('lets one snippet import another by the path in its first line', () => {
    const one = { document: 'a.md', language: 'ts', line: 1 };
    const first = { ...one, text: '// projections/new.ts\nexport const name = "n";\n' };
    const second = {
      ...one,
      text: 'import { name } from "./projections/new.ts";\nconst same: string = name;\n',
    };
    expect(snippetErrors([first, second])).toEqual([]);
    expect(snippetErrors([second])).toHaveLength(1);
  });
});

/** The words of every command below this one. */
function commandsOf(command: Command, before = ''): readonly string[] {
  return command.commands.flatMap((each) => {
    const words = `${before}${each.name()}`;
    return [words, ...commandsOf(each, `${words} `)];
  });
}

async function helpOf(words: readonly string[]): Promise<string> {
  const { stdout } = await typeWords([...words, '--help']);
  return `${stdout.trimEnd()}\n`;
}
