import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { ROOT } from './documents.ts';

/** A name that an entry point of the package exports. */
export interface PublicName {
  readonly name: string;
  /** What users import it from, such as `reprise/testing`. */
  readonly entry: string;
  /** The file that declares it, from the root. */
  readonly path: string;
  /** Overloads and merged declarations, in order, without an implementation behind overloads. */
  readonly declarations: readonly ts.Declaration[];
  /** False: it exists at compile time only. */
  readonly isValue: boolean;
}

/** The public API: all names of all entry points. */
export interface PublicApi {
  readonly names: readonly PublicName[];
  readonly checker: ts.TypeChecker;
}

/** Reads the names that the entry points in `exports` of package.json export. */
export function publicApi(): PublicApi {
  const entries = entryPoints();
  const program = ts.createProgram(
    entries.map(({ path }) => path),
    {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2023,
      strict: true,
      exactOptionalPropertyTypes: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      types: ['node'],
      skipLibCheck: true,
    },
  );
  const checker = program.getTypeChecker();
  const names = entries.flatMap(({ entry, path }) => {
    const file = program.getSourceFile(path);
    const module = file && checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`${path} is no module`);
    return checker.getExportsOfModule(module).map((symbol): PublicName => {
      const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
      const declared = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
      const declarations = withoutImplementation(declared.declarations ?? []);
      const source = declarations[0]?.getSourceFile().fileName ?? '';
      const isValue = (declared.flags & ts.SymbolFlags.Value) !== 0;
      return { name: symbol.name, entry, path: relative(ROOT, source), declarations, isValue };
    });
  });
  return { names, checker };
}

function entryPoints(): readonly { readonly entry: string; readonly path: string }[] {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
  };
  return Object.entries(manifest.exports).flatMap(([key, target]) => {
    if (typeof target === 'string') return [];
    const source = target.types.replace('./dist/', '').replace(/\.d\.ts$/, '.ts');
    return [{ entry: key.replace(/^\./, 'reprise'), path: join(ROOT, source) }];
  });
}

/** The signatures that callers see: an implementation only if it has no overloads before it. */
export function withoutImplementation<Node extends ts.Node>(
  declarations: readonly Node[],
): readonly Node[] {
  const signatures = declarations.filter((each) => (each as { body?: unknown }).body === undefined);
  const isOverloaded = signatures.length > 0 && signatures.some(isCallable);
  return isOverloaded ? signatures : declarations;
}

/** True for functions and methods. */
export function isCallable(node: ts.Node): boolean {
  return (
    ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isMethodSignature(node)
  );
}

/** 0 for functions and classes, 1 for interfaces with methods, 2 for other types. */
export function rankOf({ declarations }: PublicName): number {
  const isCode = (each: ts.Node) => ts.isFunctionDeclaration(each) || ts.isClassDeclaration(each);
  if (declarations.some(isCode)) return 0;
  const hasMethods = (each: ts.Node) =>
    ts.isInterfaceDeclaration(each) && each.members.some(isCallable);
  return declarations.some(hasMethods) ? 1 : 2;
}
