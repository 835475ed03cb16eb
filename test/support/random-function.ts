import fc from 'fast-check';

/**
 * Random functions of an event in TypeScript, of the statements and expressions that projections
 * are made of.
 */
export function functionSources(): fc.Arbitrary<string> {
  const { expression } = fc.letrec<{ expression: string; condition: string }>((tie) => {
    const inner = tie('expression');
    const condition = tie('condition');
    const field = fc.constantFrom('e.a', 'e.b', 'e.c', 'e.d.x', 'e.list[0]', "e['k-1']", 'row.n');
    const literal = fc.constantFrom(
      '1',
      '2.5',
      '1000',
      "'x'",
      '"y"',
      'null',
      'undefined',
      'true',
      'false',
      '10n',
      '`z`',
    );
    return {
      expression: fc.oneof(
        { depthSize: 'small', withCrossShrink: true, maxDepth: 3 },
        field,
        literal,
        fc
          .tuple(inner, fc.constantFrom('+', '-', '*', '/', '%'), inner)
          .map(([a, o, b]) => `(${a} ${o} ${b})`),
        fc.tuple(condition, inner, inner).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
        fc.tuple(inner, fc.constantFrom('||', '&&'), inner).map(([a, o, b]) => `(${a} ${o} ${b})`),
        fc.tuple(inner, inner).map(([a, b]) => `(${a} ?? (${b}))`),
        fc
          .tuple(fc.constantFrom('f', 'g', 'e.at.getTime', 'Math.max', 'String'), inner)
          .map(([f, a]) => `${f}(${a})`),
        fc
          .tuple(inner, inner)
          .map(([a, b]) => `{ x: ${a}, y: ${b} }`)
          .map((text) => `(${text})`),
        inner.map((a) => `new Decimal(${a}, 2)`),
        inner.map((a) => `e.list.map((x: any) => x.v + ${a})`),
        inner.map((a) => `\`<\${${a}}>\``),
        fc.constantFrom('e.o?.p', 'e.o?.p.q', 'e.o?.m(e.a)', '-e.a', '!e.b', 'typeof e.c'),
      ),
      condition: fc.oneof(
        { depthSize: 'small', maxDepth: 2 },
        fc
          .tuple(inner, fc.constantFrom('===', '!==', '<', '>='), inner)
          .map(([a, o, b]) => `(${a} ${o} ${b})`),
        field,
        fc
          .tuple(condition, fc.constantFrom('&&', '||'), condition)
          .map(([a, o, b]) => `(${a} ${o} ${b})`),
        condition.map((c) => `!(${c})`),
        field.map((a) => `${a} == null`),
      ),
    };
  });
  const condition = expression.map((text) => `(${text}) > e.limit`);
  const statement = fc.oneof(
    fc.tuple(condition, expression).map(([c, a]) => `if (${c}) return ${a};`),
    fc
      .tuple(condition, expression, expression)
      .map(([c, a, b]) => `if (${c}) { v = ${a} } else { v = ${b}; }`),
    fc.tuple(condition, expression).map(([c, a]) => `if (${c}) { f(${a}); }`),
    expression.map((a) => `v = ${a};`),
    expression.map((a) => `h(${a});`),
    expression.map((a) => `for (const x of e.list) { if (x.skip) continue; n += ${a}; }`),
    fc
      .tuple(expression, expression)
      .map(
        ([a, b]) =>
          `switch (e.kind) { case 'a': v = ${a}; break; case 'b': return ${b}; default: n = 2 }`,
      ),
    condition.map((c) => `if (!(${c})) { throw new Error('no'); }`),
    expression.map((a) => `const t@ = ${a}; v = t@ + v;`),
  );
  const body = fc
    .array(statement, { maxLength: 4 })
    .map((all) => all.map((each, i) => each.replaceAll('@', String(i))).join('\n  '));
  return fc.oneof(
    expression.map((text) => `(row: any, e: any) => ${text}`),
    fc
      .tuple(body, expression)
      .map(
        ([text, end]) =>
          `(row: any, e: any) => {\n  let v: any = 0; let n = 1; // a comment\n  ${text}\n  return [v, n, ${end}];\n}`,
      ),
  );
}
