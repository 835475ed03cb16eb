import ts from 'typescript';
import type { PublicApi } from './public-api.ts';

const QUOTES = ts.TypeFormatFlags.UseSingleQuotesForStringLiteralType;

/** Prints declarations as users see them: without bodies and comments, by their public names. */
export class Signatures {
  readonly #checker: ts.TypeChecker;
  /** Public names of types that have another name where they are declared. */
  readonly #renamed = new Map<ts.Symbol, string>();

  constructor({ names, checker }: PublicApi) {
    this.#checker = checker;
    for (const { name, declarations } of names) {
      const declared = (declarations[0] as { readonly name?: ts.Node } | undefined)?.name;
      const symbol = declared && checker.getSymbolAtLocation(declared);
      if (symbol !== undefined && symbol.name !== name) this.#renamed.set(symbol, name);
    }
  }

  /** The head of a declaration: all of it but bodies and members. */
  headOf(node: ts.Node): string {
    if (ts.isVariableDeclaration(node)) return this.#constant(node);
    if (ts.isTypeAliasDeclaration(node)) return this.#alias(node);
    const { body } = node as { readonly body?: ts.Node };
    const hasMembers = ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node);
    // Members begin after the brace.
    const end = hasMembers ? node.members.pos - 1 : (body?.getStart() ?? node.end);
    return this.textOf(node, end)
      .replace(/^(export )?(declare )?/, '')
      .replace(/;$/, '');
  }

  /** Source text of a node up to `end`, without comments, outdented. */
  textOf(node: ts.Node, end = node.end): string {
    const file = node.getSourceFile();
    const start = node.getStart(file);
    let text = '';
    let copied = start;
    const visit = (child: ts.Node): void => {
      if (ts.isIdentifier(child) && child.getStart(file) < end) {
        const name = this.#publicName(child);
        if (name !== undefined) {
          text += file.text.slice(copied, child.getStart(file)) + name;
          copied = child.end;
        }
      }
      ts.forEachChild(child, visit);
    };
    visit(node);
    text += file.text.slice(copied, end);
    const line = file.text.slice(file.text.lastIndexOf('\n', start) + 1);
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    return text
      .replaceAll(/[ \t]*\/\*\*[\s\S]*?\*\/\n?/g, '')
      .replaceAll(new RegExp(`^ {0,${indent}}`, 'gm'), '')
      .trim();
  }

  #constant(node: ts.VariableDeclaration): string {
    const { name, type, initializer } = node;
    const value = type === undefined ? ` = ${initializer?.getText() ?? ''}` : `: ${type.getText()}`;
    return `const ${name.getText()}${value}`;
  }

  /** A type taken from a constant is written out. */
  #alias(node: ts.TypeAliasDeclaration): string {
    const text = this.textOf(node)
      .replace(/^export /, '')
      .replace(/;$/, '');
    if (!/\btypeof\b/.test(text)) return text;
    const type = this.#checker.getTypeAtLocation(node);
    const flags = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias | QUOTES;
    return `type ${node.name.text} = ${this.#checker.typeToString(type, undefined, flags)}`;
  }

  #publicName(node: ts.Identifier): string | undefined {
    const symbol = this.#checker.getSymbolAtLocation(node);
    if (symbol === undefined) return undefined;
    const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
    return this.#renamed.get(isAlias ? this.#checker.getAliasedSymbol(symbol) : symbol);
  }
}
