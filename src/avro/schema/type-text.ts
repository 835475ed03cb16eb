import { type AvroType, logicalOf, type RecordType, unqualified } from './avro-type.ts';

/**
 * Returns the TypeScript type of a schema, as the decoder returns its values. `open`: write out a
 * record even inside itself.
 */
export function typeText(type: AvroType, indent: string, open = false): string {
  return render(type, { indent, parents: open ? [] : [type] });
}

interface Context {
  readonly indent: string;
  readonly parents: readonly AvroType[];
}

function render(type: AvroType, context: Context): string {
  switch (logicalOf(type)?.name) {
    case 'decimal':
      return 'Decimal';
    case 'date':
      return 'string';
    case 'timestamp-millis':
      return 'Date';
    case 'timestamp-micros':
      return 'bigint';
    default: // uuid and types without a logical type have the type of their encoding
  }
  switch (type.kind) {
    case 'null':
    case 'boolean':
    case 'string':
      return type.kind;
    case 'int':
    case 'float':
    case 'double':
      return 'number';
    case 'long':
      return 'bigint';
    case 'bytes':
    case 'fixed':
      return 'Buffer';
    case 'enum':
      return type.symbols.map((symbol) => `'${symbol}'`).join(' | ');
    case 'array':
      return `(${render(type.items, context)})[]`;
    case 'map':
      return `Record<string, ${render(type.values, context)}>`;
    case 'union':
      return unionText(type.branches, context);
    case 'record':
      return recordText(type, context);
  }
}

function unionText(branches: readonly AvroType[], context: Context): string {
  const wide = branches.filter((branch) => branch.kind !== 'null').length > 1;
  const texts = branches.map((branch) => {
    const text = render(branch, context);
    const name = 'name' in branch ? branch.name : branch.kind;
    return wide && branch.kind !== 'null' ? `{ ${JSON.stringify(name)}: ${text} }` : text;
  });
  return [...texts.filter((text) => text !== 'null'), ...texts.filter((t) => t === 'null')].join(
    ' | ',
  );
}

function recordText(record: RecordType, context: Context): string {
  // Only the outermost record has a TypeScript name; a deeper recursion has no name to refer to.
  if (context.parents[0] === record) return unqualified(record.name);
  if (context.parents.includes(record)) return 'unknown';
  const indent = `${context.indent}  `;
  const inner = { indent, parents: [...context.parents, record] };
  const lines = record.fields.flatMap((field) => [
    ...docComment(field.doc, indent),
    `${indent}readonly ${field.name}: ${render(field.type, inner)};`,
  ]);
  return ['{', ...lines, `${context.indent}}`].join('\n');
}

/** Returns a docstring of one line; empty without text. */
export function docComment(doc: string | undefined, indent: string): string[] {
  if (doc === undefined) return [];
  return [`${indent}/** ${doc.replaceAll('*/', '*\\/').replaceAll(/\s+/g, ' ')} */`];
}
