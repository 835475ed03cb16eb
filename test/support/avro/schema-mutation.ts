import type { Random } from './random.ts';

type Json = unknown;
type Node = Record<string, Json>;

const promotions: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double', 'string'],
  long: ['float', 'double', 'int'],
  float: ['double', 'long'],
  string: ['bytes'],
  bytes: ['string'],
};

/**
 * A copy of a schema with one to three of the changes that people make: fields added, dropped,
 * renamed with alias, promoted, made optional; symbols, sizes, names.
 */
export function mutated(random: Random, schema: Readonly<Node>): Node {
  const copy = structuredClone(schema);
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const nodes = nodesOf(copy);
    mutateOne(random, random.pick(nodes));
  }
  return copy;
}

function nodesOf(json: Json): Node[] {
  if (typeof json !== 'object' || json === null) return [];
  if (Array.isArray(json)) return json.flatMap(nodesOf);
  const node = json as Node;
  const parts = ['type', 'items', 'values', 'fields'].flatMap((part) => nodesOf(node[part]));
  return [node, ...parts];
}

function mutateOne(random: Random, node: Node): void {
  if (Array.isArray(node['fields'])) mutateFields(random, node, node['fields'] as Node[]);
  else if (Array.isArray(node['symbols'])) mutateSymbols(random, node, node['symbols'] as string[]);
  else if (typeof node['size'] === 'number') node['size'] = 1 + random.below(3);
  else mutateType(random, node);
}

function mutateFields(random: Random, node: Node, fields: Node[]): void {
  const choice = random.below(6);
  const victim = fields.length > 0 ? random.pick(fields) : undefined;
  if (choice === 0)
    fields.push({
      name: `x${fields.length}`,
      type: 'int',
      ...(random.below(2) === 0 ? { default: 5 } : {}),
    });
  else if (choice === 1) node['name'] = `${String(node['name'])}`.replace(/^[a-z.]+\./, 'other.');
  else if (choice === 2) fields.reverse();
  else if (choice === 5) {
    node['aliases'] = [node['name']];
    node['name'] = 'n.Renamed';
  } else if (victim === undefined) return;
  else if (choice === 3 && isLeaf(victim['type'])) fields.splice(fields.indexOf(victim), 1);
  else if (fields.every((each) => each['name'] !== 'y')) {
    victim['aliases'] = [victim['name']];
    victim['name'] = 'y';
  }
}

/** Without named types inside, so that nothing else can refer to what goes. */
function isLeaf(type: Json): boolean {
  return !JSON.stringify(type).includes('"name"');
}

function mutateSymbols(random: Random, node: Node, symbols: string[]): void {
  if (random.below(2) === 0)
    node['symbols'] = [...symbols, 'Z'].filter((each, at, all) => all.indexOf(each) === at);
  else if (symbols.length > 1) {
    node['symbols'] = symbols.slice(1);
    if (node['default'] === symbols[0]) delete node['default'];
  }
}

function mutateType(random: Random, node: Node): void {
  const slot = 'items' in node ? 'items' : 'values' in node ? 'values' : 'type';
  const type = node[slot];
  if (typeof type !== 'string' || 'logicalType' in node) return;
  delete node['default'];
  const wider = promotions[type];
  if (wider !== undefined && random.below(2) === 0) node[slot] = random.pick(wider);
  else if (type === 'array' || type === 'map') return;
  else if (type !== 'null') node[slot] = random.below(2) === 0 ? ['null', type] : [type, 'null'];
}
