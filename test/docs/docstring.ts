import ts from 'typescript';

/** A docstring, divided at its tags. */
export interface Docstring {
  /** What stands before the first tag. */
  readonly text: string;
  /** Parameters with what is said about each, such as `options.offset`. */
  readonly params: readonly { readonly name: string; readonly text: string }[];
  readonly returns: string | null;
  readonly throws: string | null;
  readonly examples: readonly Example[];
  readonly isInternal: boolean;
}

/** Code after `@example`. */
export interface Example {
  readonly text: string;
  /** Line of its first line in the file, from 1. */
  readonly line: number;
}

const TAG = /(?<=^|\s)@(throws|returns|param|example|internal)\b[ \n]?/gm;

/** Reads the docstring of a declaration; without one, all of it is empty. */
export function docstringOf(node: ts.Node): Docstring {
  const comment = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).at(-1);
  if (comment === undefined) return parse('', 0);
  const file = comment.getSourceFile();
  return parse(comment.getText(file), file.getLineAndCharacterOfPosition(comment.pos).line + 1);
}

function parse(comment: string, line: number): Docstring {
  const inner = comment
    .replace(/^\/\*\*/, '')
    .replace(/\s*\*\/$/, '')
    .split('\n')
    .map((each) => each.replace(/^\s*\* ?/, ''))
    .join('\n');
  const found = [...inner.matchAll(TAG)];
  const tags = found.map((match, i) => {
    const start = match.index + match[0].length;
    return {
      name: match[1] ?? '',
      text: inner.slice(start, found[i + 1]?.index),
      line: line + inner.slice(0, start).split('\n').length - 1,
    };
  });
  const textsOf = (tag: string) => tags.filter(({ name }) => name === tag).map(({ text }) => text);
  return {
    text: inner.slice(0, found[0]?.index).trim(),
    params: textsOf('param').map((text) => {
      const [, name = '', said = ''] = /^(\S+)\s+([\s\S]*)$/.exec(text.trim()) ?? [];
      return { name, text: said };
    }),
    returns: joined(textsOf('returns')),
    throws: joined(textsOf('throws')),
    examples: tags
      .filter(({ name }) => name === 'example')
      .map(({ text, line: first }) => ({ text: text.trimEnd(), line: first })),
    isInternal: tags.some(({ name }) => name === 'internal'),
  };
}

function joined(texts: readonly string[]): string | null {
  return texts.length === 0 ? null : texts.map((text) => text.trim()).join('; ');
}
