import ts from 'typescript';

/**
 * Types that the declarations of the entry points name, and that no entry point exports: users
 * cannot name them, nor can the declarations that their compiler writes. Types of other packages
 * and of the language do not count. One line each:
 * `CountMeasure of dist/src/….d.ts, named by Measure`.
 */
export function unexportedTypes(entries: readonly string[], root: string): readonly string[] {
  const program = ts.createProgram([...entries], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: [],
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const exported = new Map<ts.Symbol, string>();
  for (const entry of entries) {
    const source = program.getSourceFile(entry);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${entry} is no module`);
    for (const symbol of checker.getExportsOfModule(module)) {
      exported.set(unaliased(checker, symbol), symbol.name);
    }
  }
  const found = new Map<string, Set<string>>();
  for (const [symbol, name] of exported) {
    for (const declaration of symbol.declarations ?? []) {
      for (const named of typesNamedBy(checker, declaration)) {
        if (exported.has(named)) continue;
        const file = named.declarations?.[0]?.getSourceFile().fileName ?? '';
        if (!file.startsWith(root)) continue;
        const line = `${named.name} of ${file.slice(root.length)}`;
        found.set(line, (found.get(line) ?? new Set()).add(name));
      }
    }
  }
  return [...found].map(([line, by]) => `${line}, named by ${[...by].join(', ')}`).sort();
}

/** Not type parameters, nor constants that a type is taken from. */
const TYPES = ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias | ts.SymbolFlags.Class;

function typesNamedBy(checker: ts.TypeChecker, declaration: ts.Node): ReadonlySet<ts.Symbol> {
  const found = new Set<ts.Symbol>();
  const visit = (node: ts.Node): void => {
    if (isHidden(node)) return;
    const name = nameOf(node);
    const symbol = name === undefined ? undefined : checker.getSymbolAtLocation(name);
    if (symbol !== undefined) {
      const target = unaliased(checker, symbol);
      if ((target.flags & TYPES) !== 0) found.add(target);
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return found;
}

function nameOf(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  if (ts.isTypeQueryNode(node)) return node.exprName;
  return ts.isImportTypeNode(node) ? node.qualifier : undefined;
}

/** A private member has no type in a declaration file, but its name is there. */
function isHidden(node: ts.Node): boolean {
  return (
    ts.canHaveModifiers(node) &&
    (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)
  );
}

function unaliased(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}
