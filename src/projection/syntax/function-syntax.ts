import { createHash } from 'node:crypto';
import type { AnyNode } from 'acorn';
import { evaluate } from './evaluate.ts';
import { evaluateFunction } from './evaluate-function.ts';
import { Frame, isGlobal, isModuleObject } from './frame.ts';
import { type FunctionNode, parseFunction } from './parse-function.ts';
import { createBudget, NotEvaluated, Path } from './path.ts';
import { printSyntax } from './print-syntax.ts';
import { printTerm } from './print-term.ts';
import { resolveScopes, type Scopes } from './scopes.ts';
import { Terms } from './terms.ts';

/** What is known about a function from its text. */
export interface FunctionSyntax {
  readonly node: FunctionNode;
  readonly scopes: Scopes;
  /**
   * SHA-256 of what the function computes: equal for all outputs of compilers, bundlers and
   * minifiers.
   */
  readonly digest: string;
  /**
   * Outer names that it uses, sorted; `this` if it uses the outer one. Their values are not part of
   * the text.
   */
  readonly captures: readonly string[];
}

/** Cache by text; the program has a fixed number of texts. */
const known = new Map<string, FunctionSyntax | null>();

/** Analyses the text of a function, once. Null: it has no text, as native and bound functions. */
export function functionSyntax(text: string): FunctionSyntax | null {
  const found = known.get(text);
  if (found !== undefined) return found;
  const node = parseFunction(text);
  const made = node === null ? null : analysed(node);
  known.set(text, made);
  return made;
}

function analysed(node: FunctionNode): FunctionSyntax {
  const scopes = resolveScopes(node);
  const digest = createHash('sha256').update(canonicalText(node, scopes)).digest('hex');
  return { node, scopes, digest, captures: capturesOf(scopes) };
}

/** @internal Returns a canonical text of what a function computes. Exported for tests. */
export function canonicalText(node: FunctionNode, scopes: Scopes): string {
  try {
    const terms = new Terms();
    const analysis = { terms, scopes, budget: createBudget(), evaluate, evaluateFunction };
    const frame = new Frame(new Path([], terms), analysis, { level: 0 });
    return printTerm(evaluateFunction(frame, node));
  } catch (error) {
    if (!(error instanceof NotEvaluated)) throw error;
    return printSyntax(node as AnyNode, scopes);
  }
}

/** Names that builds insert into functions, and values of reprise that never change. */
const OWN_NAMES = new Set(['__name', 'Decimal']);

function capturesOf({ free, parents, variables, capturesThis }: Scopes): readonly string[] {
  const names = [...parents].flatMap(([node, parent]) => {
    if (node.type !== 'Identifier' || variables.has(node) || !free.has(node.name)) return [];
    const isObject = parent.type === 'MemberExpression' && parent.object === node;
    if (!isObject || !isModuleObject(node.name)) return [node.name];
    return parent.property.type === 'Identifier' ? [parent.property.name] : [node.name];
  });
  const own = [...new Set(names)].filter((name) => !isGlobal(name) && !OWN_NAMES.has(name));
  return [...own.sort(), ...(capturesThis ? ['this'] : [])];
}
