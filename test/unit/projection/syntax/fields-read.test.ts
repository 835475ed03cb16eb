import { expect, test } from 'vitest';
import { fieldsRead } from '../../../../src/projection/syntax/fields-read.ts';
import { functionSyntax } from '../../../../src/projection/syntax/function-syntax.ts';

const read = (text: string, holding: 'event' | 'match' = 'event') => {
  const syntax = functionSyntax(text);
  return syntax === null ? undefined : fieldsRead(syntax, 0, holding);
};

test.each([
  ['(e) => e.amount > 3', ['amount']],
  ['({ amount, at: when }) => amount + when', ['amount', 'at']],
  ["(e) => e['amount'] ?? e?.other", ['amount', 'other']],
  ['(e) => { const { a } = e; const same = e; return a + same.b.c }', ['a', 'b']],
  ["(e) => ('orderId' in e ? e.orderId : null)", ['orderId']],
  ['(e) => e.items.map((x) => x.price)', ['items']],
  ['(e) => [1, 2].map((n) => n * e.factor)', ['factor']],
  ['() => true', []],
  ['(e) => (e === undefined ? 0 : e.n)', ['n']],
])('%s reads %j', (text, fields) => {
  expect(read(text)).toEqual(fields);
});

test.each([
  '(e) => ({ ...e })',
  '(e) => f(e)',
  '(e) => e[e.name]',
  '({ a, ...rest }) => rest',
  '(e) => e',
  '(e) => { let x = e; x = null; return x }',
  '(...all) => all[0].a',
  '(e) => JSON.stringify(e)',
  'function (e) { return arguments[0].a }',
  '(e) => { for (const k in e) f(k) }',
])('%s may read every field', (text) => {
  expect(read(text)).toBeNull();
});

test.each([
  ['(m) => ({ a: m.first.userId, b: m.second?.at ?? null })', ['at', 'userId']],
  ['({ first, second: [one, ...more] }) => first.a + one.b + more.at(-1).c', ['a', 'at', 'b', 'c']],
  ['(m) => m.loop.map((e) => e.amount).reduce((a, b) => a + b, 0)', ['amount', 'map']],
  ['(m) => m.loop[0].amount + m.loop.length', ['amount', 'length']],
  ['(m) => m.loop.filter((e) => e.ok).at(-1)?.amount', ['amount', 'at', 'filter', 'ok']],
  ['(m) => m.loop.reduce((sum, e) => sum + e.n, 0)', ['n', 'reduce']],
])('of the events of a match, %s reads %j', (text, fields) => {
  expect(read(text, 'match')).toEqual(fields);
});

test.each([
  '(m) => m',
  '(m) => ({ ...m.first })',
  '(m) => m.loop.map((e) => e)',
  '(m) => m.loop.map(f)',
  '(m) => [...m.loop]',
])('of the events of a match, %s may read every field', (text) => {
  expect(read(text, 'match')).toBeNull();
});
