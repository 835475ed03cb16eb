import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/**
 * One import or re-export of a module. `target` is a path from the repository root when the
 * specifier is relative, else null.
 */
export interface ModuleImport {
  readonly specifier: string;
  readonly target: string | null;
  /**
   * Imported names as the other module calls them; `*` for a namespace, `default` for a default
   * import.
   */
  readonly names: readonly string[];
  readonly line: number;
}

/** One parsed source file; `path` is relative to the repository root, with forward slashes. */
export interface SourceModule {
  readonly path: string;
  readonly text: string;
  readonly ast: ts.SourceFile;
  readonly imports: readonly ModuleImport[];
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Parses every `.ts` file below the given folders of the repository. */
export function readSourceTree(...folders: readonly string[]): readonly SourceModule[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
      .sort()
      .map((path) => parseModule(path, readFileSync(join(ROOT, path), 'utf8'))),
  );
}

/** Parses one source text as if it stood at `path`. */
export function parseModule(path: string, text: string): SourceModule {
  const ast = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  return { path, text, ast, imports: importsOf(path, ast) };
}

/** Line of a node, from 1. */
export function lineOf(module: SourceModule, node: ts.Node): number {
  return module.ast.getLineAndCharacterOfPosition(node.getStart(module.ast)).line + 1;
}

function importsOf(path: string, ast: ts.SourceFile): readonly ModuleImport[] {
  const found: ModuleImport[] = [];
  const add = (node: ts.Node, specifier: string, names: readonly string[]): void => {
    const target = specifier.startsWith('.') ? posix.join(dirname(path), specifier) : null;
    const line = ast.getLineAndCharacterOfPosition(node.getStart(ast)).line + 1;
    found.push({ specifier, target, names, line });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node, node.moduleSpecifier.text, importedNames(node.importClause));
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier !== undefined &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      add(node, node.moduleSpecifier.text, ['*']);
    } else if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword &&
      node.arguments[0] !== undefined &&
      ts.isStringLiteral(node.arguments[0])
    ) {
      add(node, node.arguments[0].text, ['*']);
    } else if (
      ts.isImportTypeNode(node) &&
      ts.isLiteralTypeNode(node.argument) &&
      ts.isStringLiteral(node.argument.literal)
    ) {
      add(node, node.argument.literal.text, ['*']);
    }
    ts.forEachChild(node, visit);
  };
  visit(ast);
  return found;
}

function importedNames(clause: ts.ImportClause | undefined): readonly string[] {
  if (clause === undefined) return [];
  const names = clause.name === undefined ? [] : ['default'];
  const bindings = clause.namedBindings;
  if (bindings === undefined) return names;
  if (ts.isNamespaceImport(bindings)) return [...names, '*'];
  return [
    ...names,
    ...bindings.elements.map((element) => (element.propertyName ?? element.name).text),
  ];
}
