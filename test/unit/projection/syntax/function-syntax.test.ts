import { compileFunction } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalText,
  functionSyntax,
} from '../../../../src/projection/syntax/function-syntax.ts';
import { builtForms } from '../../../support/build-forms.ts';
import { seed } from '../../../support/fault-run.ts';
import { functionSources } from '../../../support/random-function.ts';
import { SOURCES } from './sources.ts';

type AnyFunction = (...given: unknown[]) => unknown;

const digest = (text: string) => functionSyntax(text)?.digest;

function isEvaluated(text: string): boolean {
  const syntax = functionSyntax(text);
  return syntax !== null && canonicalText(syntax.node, syntax.scopes).startsWith('(function');
}

async function expectOneDigest(source: string): Promise<void> {
  const forms = await builtForms(source);
  const digests = new Map<string | undefined, string[]>();
  for (const [build, text] of forms) {
    const known = digest(text);
    digests.set(known, [...(digests.get(known) ?? []), `${build}: ${text}`]);
  }
  expect([...digests.keys()]).not.toContain(undefined);
  expect(digests.size, [...digests.values()].map(([first]) => first).join('\n')).toBe(1);
}

describe('a function', () => {
  test.each(SOURCES)('is the same in every build: %s', expectOneDigest);

  test(`of any source is the same in every build (seed ${seed})`, {
    timeout: 240_000,
  }, async () => {
    let large = 0;
    await fc.assert(
      fc.asyncProperty(functionSources(), async (source) => {
        const texts = [...(await builtForms(source)).values()];
        // Functions with very many paths are compared as they are written.
        if (texts.every(isEvaluated)) await expectOneDigest(source);
        else large += 1;
      }),
      { seed, numRuns: 60 },
    );
    expect(large).toBeLessThan(6);
  });

  test('is the same as a method, an arrow and a function', () => {
    const forms = [
      '(e) => { return e.a; }',
      'e => e.a',
      'function named(e) { return e.a }',
      'fold(e) { return e.a }',
      '({ a }) => a',
    ];
    expect(new Set(forms.map(digest)).size).toBe(1);
  });

  test('is the same however many hands a name goes through', () => {
    expect(digest('e => { const a = e.a; const b = a; return b * 2 }')).toBe(
      digest('e => e.a * 2'),
    );
  });

  test('that is native or bound has no text', () => {
    expect(functionSyntax(String(Math.max))).toBeNull();
    expect(functionSyntax(String(((e: number) => e).bind(null)))).toBeNull();
  });
});

describe('what was taken for the same before', () => {
  const pairs = [
    ['(a, b, c) => (a - b) * c', '(a, b, c) => a - b * c'],
    ["() => 'https://x.example'", "() => 'https://y.example'"],
    ["() => 'a b'", "() => 'ab'"],
    ['(m) => m.step_1.at', '(m) => m.step_2.at'],
    ["() => 'it(s)'", "() => 'its'"],
    ['(e) => e.a !== 1', '(e) => e.a != 1'],
    ['(e) => [e.a, e.b]', '(e) => [e.b, e.a]'],
    ['(a, b) => a - b', '(b, a) => a - b'],
    ['(e) => f(e.a) + f(e.b)', '(e) => f(e.b) + f(e.a)'],
    ['(e) => { e.list.push(1); return e.n }', '(e) => { const n = e.n; e.list.push(1); return n }'],
    [
      '(e) => { const o = {}; o.a = e.a; return [o, o] }',
      '(e) => { const o = {}; o.a = e.a; return [o, {}] }',
    ],
    [
      '(e) => { let n = 0; for (const x of e.xs) n += x; return n }',
      '(e) => { let n = 0; for (const x of e.xs) n = x; return n }',
    ],
    [
      '(e) => { for (const x of e.xs) { if (x) break; f(x) } }',
      '(e) => { for (const x of e.xs) { if (x) continue; f(x) } }',
    ],
    ['(e) => e.a || e.b', '(e) => e.a ?? e.b'],
    ['(e) => e.a?.b', '(e) => e.a.b'],
    ['async (e) => e.a', '(e) => e.a'],
    ['(e) => f(() => e.a)', '(e) => f(e.a)'],
    ['(e) => Math.max(e.a)', '(e) => Math.min(e.a)'],
    ['(e) => new Date(e.a)', '(e) => new Map(e.a)'],
    ['(e) => limits.low < e.a', '(e) => limits.high < e.a'],
  ] as const;

  test.each(pairs)('is not: %s, %s', (one, other) => {
    expect(digest(one)).toBeDefined();
    expect(digest(one)).not.toBe(digest(other));
  });
});

describe('an edit that changes the meaning', () => {
  /** Replacements of one token by another, none of which leaves a function as it was. */
  const edits: readonly (readonly [RegExp, string])[] = [
    [/ \+ /, ' - '],
    [/ \* /, ' / '],
    [/ === /, ' < '],
    [/ < /, ' >= '],
    [/ >= /, ' < '],
    [/e\.a\b/, 'e.other'],
    [/e\.limit/, 'e.other'],
    [/e\.d\.x/, 'e.d.y'],
    [/'x'/, "'changed'"],
    [/1000/, '1001'],
    [/10n/, '11n'],
    [/\bh\(/, 'h.call('],
    [/x\.v/, 'x.w'],
    [/new Decimal\(/, 'Decimal('],
    [/new Error\('no'\)/, "new Error('yes')"],
    [/let n = 1/, 'let n = 7'],
    [/return \[v, n,/, 'return [n, v,'],
    [/continue;/, 'break;'],
  ];

  test(`is seen (seed ${seed})`, { timeout: 240_000 }, () => {
    let seen = 0;
    fc.assert(
      fc.property(functionSources(), fc.constantFrom(...edits), (source, [from, to]) => {
        const text = source.replace(/: any/g, '');
        const edited = text.replace(from, to);
        if (edited === text || !matters(text, edited)) return;
        seen += 1;
        expect(digest(edited), `${text}\n${edited}`).not.toBe(digest(text));
      }),
      { seed, numRuns: 4000 },
    );
    expect(seen).toBeGreaterThan(300);
  });
});

/**
 * Whether two functions give different answers for one of some events, so that the edit is not in
 * code that never runs. Not for an event with which one of them mixes a bigint and a number:
 * arithmetic counts as pure, so what it throws is not seen where its result is not used.
 */
function matters(one: string, other: string): boolean {
  return [0, 1, 2, 3, 4, 5].some((n) => {
    const answers = [answer(one, n), answer(other, n)];
    return answers[0] !== answers[1] && !answers.some((each) => each.includes('mix BigInt'));
  });
}

function answer(text: string, n: number): string {
  const log: unknown[] = [];
  const told =
    (name: string) =>
    (...given: unknown[]) => {
      log.push(name, print(given));
      return n + 3;
    };
  class Decimal {
    readonly unscaled: unknown;
    constructor(unscaled: unknown) {
      this.unscaled = unscaled;
    }
  }
  const event = {
    a: n,
    b: n * 7 + 2,
    c: n % 2 === 0 ? null : 'c',
    d: { x: n - 3, y: 90 },
    'k-1': 5,
    list: [n, { v: 4, skip: n === 1, w: 17 }],
    limit: n * 2 - 3,
    other: -41,
    o: n === 2 ? null : { p: { q: 8 }, m: told('m') },
    at: { getTime: told('getTime') },
    kind: ['a', 'b', 'c'][n % 3],
  };
  try {
    const make = compileFunction(`return ${text}`, ['f', 'g', 'h', 'Decimal']) as AnyFunction;
    const made = make(told('f'), told('g'), told('h'), Decimal) as AnyFunction;
    return print([made({ n: n + 20 }, event), log]);
  } catch (error) {
    return print([String(error), log]);
  }
}

function print(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'bigint') return `${each}n`;
    if (each === undefined) return 'undefined';
    return typeof each === 'number' && !Number.isFinite(each) ? String(each) : each;
  });
}
