import ts from 'typescript';
import { lineOf, type SourceModule } from './source-tree.ts';

/** Where transactions begin and end, and where errors of Postgres are classified. */
const POSTGRES = 'src/postgres/';

/** `begin`, `commit` and `rollback` that are run outside the room `postgres`, one line each. */
export function strayTransactions(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap((module) =>
    module.path.startsWith(POSTGRES)
      ? []
      : textsOf(module)
          .filter(({ node, text }) => isQueried(node) && TRANSACTION.test(text))
          .map(({ node, text }) => `${module.path}:${lineOf(module, node)} runs ${text.trim()}`),
  );
}

const TRANSACTION = /^\s*(begin|start transaction|commit|end|rollback(?! to))\b/i;

/** One string, or the text of one template with `${}` for each of its expressions. */
interface SourceText {
  readonly node: ts.Node;
  readonly text: string;
}

function textsOf({ ast }: SourceModule): readonly SourceText[] {
  const found: SourceText[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      found.push({ node, text: node.text });
    } else if (ts.isTemplateExpression(node)) {
      const rest = node.templateSpans.map(({ literal }) => literal.text);
      found.push({ node, text: [node.head.text, ...rest].join('${}') });
    }
    ts.forEachChild(node, visit);
  };
  visit(ast);
  return found;
}

/** Whether a text is the first argument of a call of `query`. */
function isQueried(node: ts.Node): boolean {
  const { parent } = node;
  if (!ts.isCallExpression(parent) || parent.arguments[0] !== node) return false;
  const { expression } = parent;
  return ts.isPropertyAccessExpression(expression) && expression.name.text === 'query';
}
