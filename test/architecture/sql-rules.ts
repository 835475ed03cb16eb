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

/** Files that still look at SQLSTATEs themselves, and why. */
const OWN_CLASSES: Readonly<Record<string, string>> = {
  'src/cli/commands/query.ts': 'tells a view that is missing and a value that does not fit',
  'src/composition/moved-database.ts': 'a database that is not there is an answer',
};

/** SQLSTATEs outside the room `postgres`, as texts or asked for with `sqlStateOf`. */
export function strayErrorClasses(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap((module) => {
    if (module.path.startsWith(POSTGRES) || OWN_CLASSES[module.path] !== undefined) return [];
    const states = textsOf(module)
      .filter(({ text }) => SQLSTATE.test(text) && !SIZE.test(text))
      .map(({ node, text }) => `${module.path}:${lineOf(module, node)} knows ${text}`);
    const asked = module.imports
      .filter(({ names }) => names.includes('sqlStateOf'))
      .map(({ line }) => `${module.path}:${line} imports sqlStateOf`);
    return [...states, ...asked];
  });
}

/** As `sqlStateOf`, and with a digit: words are no states. */
const SQLSTATE = /^(?=.*\d)[0-9A-DF-Z][0-9A-Z]{4}$/;
/** `256MB` */
const SIZE = /^\d+[KMG]B$/;

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

/** Entries of the tables above that name nothing any more. */
export function staleSqlExceptions(modules: readonly SourceModule[]): readonly string[] {
  const paths = new Set(modules.map(({ path }) => path));
  return Object.keys(OWN_CLASSES).filter((path) => !paths.has(path));
}
