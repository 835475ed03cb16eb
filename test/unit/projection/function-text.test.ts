import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { functionText } from '../../../src/projection/function-text.ts';

/** A function as a compiler leaves it, made from the text of a module that exports it as `f`. */
const textOf = (text: string) => functionText({ toString: () => text } as never);

const SOURCE = `
import { Decimal } from 'reprise';
export const f = (converted: boolean, event: { a?: { b: string }; n: bigint }) => {
  // what a compiler drops
  const inner = (x: number): string => x + 'quoted';
  return converted || ('orderId' in event && event.a?.b === 'x' ? new Decimal(event.n, 2) : inner(2) ?? null);
};`;

function compiled(module: ts.ModuleKind, removeComments: boolean): string {
  const { outputText } = ts.transpileModule(SOURCE, {
    compilerOptions: { module, target: ts.ScriptTarget.ES2022, removeComments },
  });
  return outputText.slice(outputText.indexOf('(converted'), outputText.lastIndexOf('}') + 1);
}

describe('the text of a function', () => {
  const expected = textOf(compiled(ts.ModuleKind.ESNext, false));

  test('is the same from modules of both kinds, with and without comments', () => {
    for (const module of [ts.ModuleKind.ESNext, ts.ModuleKind.CommonJS]) {
      for (const removeComments of [true, false])
        expect(textOf(compiled(module, removeComments))).toBe(expected);
    }
  });

  test('is the same as tsx and vitest leave it', () => {
    const tsx =
      '(converted,event)=>{const inner=__name(x=>x+"quoted","inner");return converted||("orderId"in event&&event.a?.b==="x"?new Decimal(event.n,2):inner(2)??null)}';
    const vitest = tsx
      .replace('new Decimal', 'new __vite_ssr_import_0__.Decimal')
      .replace('__name(x=>x+"quoted","inner")', "(x) => x + 'quoted'");
    expect(textOf(tsx)).toBe(expected);
    expect(textOf(vitest)).toBe(expected);
  });

  test('is the same however a compiler writes undefined, true and false', () => {
    expect(textOf('(a) => a === undefined ? true : false')).toBe(textOf('a=>a===void 0?!0:!1'));
  });

  test('is another where the function does something else', () => {
    expect(textOf('(a) => a.n + 1')).not.toBe(textOf('(a) => a.n + 2'));
    expect(textOf('(a) => a.n && a.m')).not.toBe(textOf('(a) => a.n || a.m'));
  });
});
