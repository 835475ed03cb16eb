import ts from 'typescript';
import { type Docstring, docstringOf } from './docstring.ts';
import { type Member, membersOf } from './example-rules.ts';
import { codeBlock, listItem, table, wrapped } from './markdown.ts';
import type { PublicApi, PublicName } from './public-api.ts';
import { isCallable, withoutImplementation } from './public-api.ts';
import { Signatures } from './signature.ts';

/** Prints names of the API in Markdown. */
export class ApiPrinter {
  readonly #signatures: Signatures;

  constructor(api: PublicApi) {
    this.#signatures = new Signatures(api);
  }

  /** A heading, the declaration, what it is, its members. */
  entry({ name, declarations }: PublicName): string {
    const members = declarations.flatMap(membersOf);
    const heads = declarations.map((node) => this.#signatures.headOf(node));
    return [
      `### ${name}`,
      codeBlock(heads.map((head) => head.replace(/^(abstract )?/, '$1')).join('\n')),
      ...said(declarations),
      ...this.#fields(members),
      ...this.#methods(name, members),
    ].join('\n\n');
  }

  /** A table of the members that hold a value. */
  #fields(members: readonly Member[]): readonly string[] {
    const fields = members.filter((member) => !isShownAlone(member));
    if (fields.length === 0) return [];
    const rows = fields.map((member) => {
      const { text, throws } = docstringOf(member);
      const fails = throws === null ? '' : ` Throws ${coded(throws)}`;
      return [`\`${nameOf(member)}\``, this.#typeOf(member), `${text}${fails}`];
    });
    return [table(['member', 'type', 'meaning'], rows).join('\n')];
  }

  #typeOf(member: Member): string {
    const { type } = member as { readonly type?: ts.Node };
    return type === undefined ? '' : `\`${this.#signatures.textOf(type).replaceAll(/\s+/g, ' ')}\``;
  }

  /** Each method with its overloads, under a heading of its own. */
  #methods(owner: string, members: readonly Member[]): readonly string[] {
    const methods = new Map<string, Member[]>();
    for (const member of members.filter(isShownAlone)) {
      const name = member.name?.getText() ?? (ts.isConstructorDeclaration(member) ? 'new' : '');
      methods.set(name, [...(methods.get(name) ?? []), member]);
    }
    return [...methods].flatMap(([name, all]) => {
      const overloads = withoutImplementation(all);
      const heads = overloads.map((each) => this.#signatures.headOf(each));
      const heading = name === '' ? [] : [`#### ${owner}.${name}`];
      return [...heading, codeBlock(heads.join('\n')), ...said(overloads)];
    });
  }
}

/** True for members under a heading of their own: what is called, and what has an example. */
function isShownAlone(member: Member): boolean {
  return (
    isCallable(member) ||
    ts.isCallSignatureDeclaration(member) ||
    ts.isConstructorDeclaration(member) ||
    docstringOf(member).examples.length > 0
  );
}

function nameOf(member: Member): string {
  const { questionToken } = member as { readonly questionToken?: ts.Node };
  return `${member.name?.getText() ?? ''}${questionToken === undefined ? '' : '?'}`;
}

/** The docstrings of a declaration and its overloads, each once. */
function said(nodes: readonly ts.Node[]): readonly string[] {
  const texts = nodes.map(docstringOf).map((docstring) => proseOf(docstring).join('\n\n'));
  const examples = nodes.flatMap((node) => docstringOf(node).examples);
  return [
    ...new Set(texts.filter((text) => text !== '')),
    ...examples.map(({ text }) => codeBlock(text)),
  ];
}

function proseOf({ text, params, returns, throws }: Docstring): readonly string[] {
  const items = [
    ...params.map((each) => listItem(`\`${each.name}\`: ${each.text}`)),
    ...(returns === null ? [] : [listItem(`Returns ${returns}`)]),
    ...(throws === null ? [] : [listItem(`Throws ${coded(throws)}`)]),
  ];
  return [
    ...(text === '' ? [] : [wrapped(text)]),
    ...(items.length === 0 ? [] : [items.join('\n')]),
  ];
}

/** Sets error codes as code. */
function coded(text: string): string {
  return text.replaceAll(/\b[A-Z]{3,}(?:_[A-Z]+)*\b/g, '`$&`');
}
