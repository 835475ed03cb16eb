import { relative } from 'node:path';
import ts from 'typescript';
import { docstringOf, type Example } from './docstring.ts';
import { ROOT } from './documents.ts';
import type { PublicApi, PublicName } from './public-api.ts';
import { isCallable } from './public-api.ts';

/** What needs no example, and why. A name stands for its members too. */
const WITHOUT: Readonly<Record<string, string>> = {
  'Decimal.toJSON': 'JSON.stringify calls it',
  'Decimal.toPostgres': 'node-postgres calls it',
  EventLog: 'a port: reprise calls it; its own example shows the usual call',
  KeyProvider: 'a port: reprise calls it; its own example implements it',
  MemoryLog: 'part of Scenario, which is used instead',
  RecordBatch: 'adapters of a log create it',
  SchemaRegistry: 'a port: reprise calls it; its own example shows the usual call',
  SchemaRegistryCase: 'the loop over the contract calls it',
};

/** An example of the public API, where it stands. */
export interface PublicExample extends Example {
  readonly document: string;
}

/** All examples of the public API. */
export function publicExamples({ names }: PublicApi): readonly PublicExample[] {
  const nodes = new Set(
    names.flatMap(({ declarations }) => declarations.flatMap((each) => [each, ...membersOf(each)])),
  );
  return [...nodes].flatMap((node) => {
    const document = relative(ROOT, node.getSourceFile().fileName);
    return docstringOf(node).examples.map((example) => ({ document, ...example }));
  });
}

/** Public functions, classes and methods without an example, as `name` or `Owner.member`. */
export function withoutExample({ names }: PublicApi): readonly string[] {
  const lacking = names.flatMap((each) => [
    ...(isCode(each) && !hasExample(each.declarations) ? [each.name] : []),
    ...methodsOf(each).flatMap(([name, nodes]) => {
      const isShown = hasExample(nodes) || hasExample(inherited(each, name, names));
      return isShown ? [] : [`${each.name}.${name}`];
    }),
  ]);
  return [...new Set(lacking)].filter((place) => reasonOf(place) === undefined);
}

/** Entries of the list above that excuse nothing. */
export function staleReasons({ names }: PublicApi): readonly string[] {
  const places = new Set(
    names.flatMap((each) => [
      each.name,
      ...methodsOf(each).map(([name]) => `${each.name}.${name}`),
    ]),
  );
  return Object.keys(WITHOUT).filter((place) => !places.has(place));
}

function reasonOf(place: string): string | undefined {
  return WITHOUT[place] ?? WITHOUT[place.split('.')[0] ?? ''];
}

function isCode({ declarations }: PublicName): boolean {
  return declarations.some((each) => ts.isFunctionDeclaration(each) || ts.isClassDeclaration(each));
}

function hasExample(nodes: readonly ts.Node[]): boolean {
  return nodes.some((node) => docstringOf(node).examples.length > 0);
}

/** The methods that users call, with their overloads. */
function methodsOf({ declarations }: PublicName): readonly (readonly [string, ts.Node[]])[] {
  const methods = new Map<string, ts.Node[]>();
  for (const member of declarations.flatMap(membersOf)) {
    const { name } = member;
    const isAbstract = (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Abstract) !== 0;
    if (!isCallable(member) || isAbstract || name === undefined) continue;
    const text = name.getText();
    methods.set(text, [...(methods.get(text) ?? []), member]);
  }
  return [...methods];
}

/** Declarations of a method in the interfaces that this one extends. */
function inherited(
  { declarations }: PublicName,
  method: string,
  names: readonly PublicName[],
): readonly ts.Node[] {
  const bases = declarations
    .filter(ts.isInterfaceDeclaration)
    .flatMap((each) =>
      (each.heritageClauses ?? []).flatMap(({ types }) =>
        types.map(({ expression }) => expression.getText()),
      ),
    );
  const methods = names.filter(({ name }) => bases.includes(name)).flatMap(methodsOf);
  return methods.flatMap(([name, nodes]) => (name === method ? nodes : []));
}

/** A member of a class or interface. */
export type Member = ts.ClassElement | ts.TypeElement;

/** Members of a class or interface that are part of the public API. */
export function membersOf(node: ts.Node): readonly Member[] {
  const members: readonly Member[] =
    ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node) ? [...node.members] : [];
  return members.filter((member) => {
    const { name } = member;
    // Such members carry a type parameter and never have a value.
    const isTypeOnly = name?.getText().startsWith('__') === true;
    const isPrivate =
      (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0 ||
      (name !== undefined && ts.isPrivateIdentifier(name));
    return !isPrivate && !isTypeOnly && !docstringOf(member).isInternal;
  });
}
