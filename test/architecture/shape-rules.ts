import { posix } from 'node:path';
import ts from 'typescript';
import { lineOf, type SourceModule } from './source-tree.ts';

/** The limits of the house (style rule 2). */
export const LIMITS = {
  fileLines: 400,
  medianLines: 80,
  functionLines: 60,
  parameters: 4,
  commentColumns: 100,
};

const FORBIDDEN_WORDS = /(^|-)(utils?|helpers?|managers?|common|misc)(-|\.|$)/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/;
const KEBAB_FOLDER = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const CLOCKS = ['Date.now', 'performance.now', 'Math.random', 'process.hrtime'];

/** Number of lines of a text as an editor counts them. */
function lineCount(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/** Median number of lines per file. */
export function medianLines(modules: readonly SourceModule[]): number {
  const counts = modules.map((module) => lineCount(module.text)).sort((a, b) => a - b);
  return counts[Math.floor(counts.length / 2)] ?? 0;
}

/** Files over the limit of lines. */
export function longFiles(modules: readonly SourceModule[]): readonly string[] {
  return modules
    .filter((module) => lineCount(module.text) > LIMITS.fileLines)
    .map((module) => `${module.path}: ${lineCount(module.text)} lines`);
}

/** File and folder names that are not kebab-case, or are a drawer for everything. */
export function badNames(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap(({ path }) => {
    const file = posix.basename(path);
    const folders = posix.dirname(path).split('/');
    const wrong =
      !KEBAB_CASE.test(file) ||
      !folders.every((folder) => KEBAB_FOLDER.test(folder)) ||
      [file, ...folders].some((name) => FORBIDDEN_WORDS.test(name));
    return wrong ? [`${path}: not a kebab-case name of one idea`] : [];
  });
}

/** Lines of comments that are wider than code may be. */
export function wideComments(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap((module) => {
    const { path, text, ast } = module;
    const lines = text.split('\n');
    const found = new Set<number>();
    const visit = (node: ts.Node): void => {
      const ranges = [
        ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
        ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
      ];
      for (const { pos, end } of ranges) {
        const last = ast.getLineAndCharacterOfPosition(end).line;
        for (let line = ast.getLineAndCharacterOfPosition(pos).line; line <= last; line += 1) {
          if ((lines[line]?.length ?? 0) > LIMITS.commentColumns) found.add(line + 1);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(ast);
    return [...found].map((line) => `${path}:${line} is wider than ${LIMITS.commentColumns}`);
  });
}

/** Functions that are too long or take too many parameters. */
export function oversizedFunctions(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap((module) => {
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
        const end = module.ast.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
        const lines = end - lineOf(module, node) + 1;
        const parameters = node.parameters.filter((one) => one.name.getText() !== 'this').length;
        const where = `${module.path}:${lineOf(module, node)} ${functionName(node)}`;
        if (lines > LIMITS.functionLines) found.push(`${where}: ${lines} lines`);
        if (parameters > LIMITS.parameters) found.push(`${where}: ${parameters} parameters`);
      }
      ts.forEachChild(node, visit);
    };
    visit(module.ast);
    return found;
  });
}

/**
 * Exported declarations without a docstring, and default exports. Re-exports are documented where
 * they are declared.
 */
export function exportViolations(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap((module) =>
    module.ast.statements.flatMap((statement) => {
      const where = `${module.path}:${lineOf(module, statement)}`;
      if (ts.isExportAssignment(statement)) return [`${where} default export`];
      if (!ts.canHaveModifiers(statement)) return [];
      const kinds = ts.getModifiers(statement)?.map((modifier) => modifier.kind) ?? [];
      if (!kinds.includes(ts.SyntaxKind.ExportKeyword)) return [];
      if (kinds.includes(ts.SyntaxKind.DefaultKeyword)) return [`${where} default export`];
      return isDocumented(module, statement) || isOverload(statement)
        ? []
        : [`${where} export without a docstring`];
    }),
  );
}

/** Places where a file of the pure core reads a clock or rolls dice. */
export function clockReads(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap((module) => {
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const reads =
        (ts.isPropertyAccessExpression(node) && CLOCKS.includes(node.getText(module.ast))) ||
        (ts.isNewExpression(node) &&
          node.expression.getText(module.ast) === 'Date' &&
          (node.arguments?.length ?? 0) === 0);
      if (reads) found.push(`${module.path}:${lineOf(module, node)} ${node.getText(module.ast)}`);
      ts.forEachChild(node, visit);
    };
    visit(module.ast);
    return found;
  });
}

/**
 * Uses of `AbortSignal.any`, which leaves an entry in its sources for ever: `joinSignals` does not.
 */
export function lastingSignals(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, i) => (line.includes('AbortSignal.any(') ? [`${path}:${i + 1}`] : [])),
  );
}

function functionName(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  const parent = node.parent;
  return ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent)
    ? parent.name.getText()
    : 'anonymous function';
}

function isDocumented(module: SourceModule, statement: ts.Statement): boolean {
  const comments = ts.getLeadingCommentRanges(module.text, statement.getFullStart()) ?? [];
  return comments.some((range) => module.text.startsWith('/**', range.pos));
}

/** The implementation behind overloads has no docstring of its own: the overload before it has. */
function isOverload(statement: ts.Statement): boolean {
  if (!ts.isFunctionDeclaration(statement)) return false;
  const siblings = (statement.parent as ts.SourceFile).statements;
  const before = siblings[siblings.indexOf(statement) - 1];
  return (
    before !== undefined &&
    ts.isFunctionDeclaration(before) &&
    before.body === undefined &&
    before.name?.text === statement.name?.text
  );
}
