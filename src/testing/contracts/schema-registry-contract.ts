import { randomBytes } from 'node:crypto';
import type { SchemaRegistry } from '../../registry/schema-registry.ts';
import { isRepriseError } from '../../reprise-error.ts';

/** One requirement of the port: `run` rejects if the adapter breaks it. */
export interface SchemaRegistryCase {
  readonly name: string;
  run(open: () => SchemaRegistry): Promise<void>;
}

/**
 * The contract of schema registry adapters, independent of a test framework: `for (const { name,
 * run } of schemaRegistryContract) it(name, () => run(open))`. Each case uses its own subjects, so
 * one registry serves all. `open` returns a registry on the same store at every call.
 * @example
 * for (const { name, run } of schemaRegistryContract) {
 *   it(name, () => run(() => app.registry));
 * }
 */
export const schemaRegistryContract: readonly SchemaRegistryCase[] = [
  {
    name: 'numbers the versions of a subject from 1',
    run: (open) => withRegistry(open, versionsFromOne),
  },
  {
    name: 'gives the same text the same version and id again',
    run: (open) => withRegistry(open, sameTextAgain),
  },
  {
    name: 'gives the same text one id in every subject',
    run: (open) => withRegistry(open, oneIdPerText),
  },
  {
    name: 'gives one id and one version when many instances register at once',
    run: (open) => registerAtOnce(open),
  },
  {
    name: 'keeps what the schema says, logical types and docs included',
    run: (open) => withRegistry(open, keepsText),
  },
  {
    name: 'takes named types from other subjects, and gives them along with a schema by id',
    run: (open) => withRegistry(open, references),
  },
  {
    name: 'lists the subjects that have versions',
    run: (open) => withRegistry(open, listsSubjects),
  },
  {
    name: 'says UNKNOWN_SUBJECT and UNKNOWN_SCHEMA_ID',
    run: (open) => withRegistry(open, saysUnknown),
  },
  {
    name: 'keeps a level per subject, also before its first version',
    run: (open) => withRegistry(open, levels),
  },
  {
    name: 'refuses what cannot read every earlier version, unless told otherwise',
    run: (open) => withRegistry(open, refusesIncompatible),
  },
  {
    name: 'lets one of two incompatible texts in when both come at once',
    run: (open) => incompatibleAtOnce(open),
  },
];

async function versionsFromOne(registry: SchemaRegistry): Promise<void> {
  const subject = newName('versions');
  const first = await registry.register(subject, recordText('Versioned', []));
  const second = await registry.register(subject, recordText('Versioned', ['added']));
  equal([first.version, second.version], [1, 2], 'versions');
  equal((await registry.latest(subject)).id, second.id, 'id of the latest');
  const all = await registry.versions(subject);
  equal(
    all.map(({ version, id }) => [version, id]),
    [
      [1, first.id],
      [2, second.id],
    ],
    'all versions',
  );
}

async function sameTextAgain(registry: SchemaRegistry): Promise<void> {
  const subject = newName('again');
  const text = recordText('Again', []);
  const first = await registry.register(subject, text);
  await registry.register(subject, recordText('Again', ['added']));
  const again = await registry.register(subject, text);
  equal([again.version, again.id], [first.version, first.id], 'version and id');
}

async function oneIdPerText(registry: SchemaRegistry): Promise<void> {
  const text = recordText(newName('Shared'), []);
  const here = await registry.register(newName('here'), text);
  const there = await registry.register(newName('there'), text);
  equal(here.id, there.id, 'ids');
}

async function registerAtOnce(open: () => SchemaRegistry): Promise<void> {
  const registries = Array.from({ length: 6 }, open);
  try {
    const subject = newName('contested');
    const text = recordText(newName('Contested'), []);
    const all = await Promise.all(registries.map((each) => each.register(subject, text)));
    equal(new Set(all.map(({ id }) => id)).size, 1, 'number of ids');
    equal(
      all.map(({ version }) => version),
      all.map(() => 1),
      'versions',
    );
  } finally {
    await Promise.all(registries.map((each) => each.close()));
  }
}

async function keepsText(registry: SchemaRegistry): Promise<void> {
  const subject = newName('text');
  const text = JSON.stringify({
    type: 'record',
    name: newName('Kept'),
    namespace: 'contract',
    doc: 'Ünïcode “quoted”',
    fields: [
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
      {
        name: 'amount',
        type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 },
        doc: 'x',
      },
    ],
  });
  const { id } = await registry.register(subject, text);
  // Foreign registries may sort keys, so the parsed JSON is compared.
  equal(sorted(JSON.parse(await registry.schemaById(id))), sorted(JSON.parse(text)), 'by id');
  const latest = await registry.latest(subject);
  equal(sorted(JSON.parse(latest.schemaText)), sorted(JSON.parse(text)), 'latest');
}

async function references(registry: SchemaRegistry): Promise<void> {
  const [subject, type, field] = [newName('money'), newName('Money'), newName('currency')];
  const money = { type: 'record', name: type, fields: [{ name: field, type: 'string' }] };
  const { version } = await registry.register(subject, JSON.stringify(money));
  const from = [{ name: type, subject, version }];
  const referring = newName('order');
  const text = fieldsText([
    { name: 'total', type },
    { name: 'tip', type: ['null', type], default: null },
  ]);
  const { id } = await registry.register(referring, text, from);
  const again = await registry.register(referring, text, from);
  equal([again.version, again.id], [1, id], 'version and id');
  equal((await registry.latest(referring)).references, from, 'references');
  equal((await registry.latest(subject)).references, undefined, 'references of the referenced');
  const selfContained = JSON.parse(await registry.schemaById(id)) as {
    fields: { type: unknown }[];
  };
  const inlined = JSON.stringify(selfContained.fields[0]?.type);
  equal(inlined.includes(field), true, `the referenced type in ${inlined}`);
  const lost = [{ name: type, subject: newName('lost'), version: 1 }];
  await rejects(registry.register(newName('broken'), text, lost), 'REGISTRY_REFUSED');
}

async function listsSubjects(registry: SchemaRegistry): Promise<void> {
  const names = [newName('listed'), newName('listed')].sort();
  for (const name of names) await registry.register(name, recordText('Listed', []));
  const listed = (await registry.subjects()).filter((name) => names.includes(name));
  equal(listed, names, 'subjects');
}

async function saysUnknown(registry: SchemaRegistry): Promise<void> {
  await rejects(registry.latest(newName('nothing')), 'UNKNOWN_SUBJECT');
  await rejects(registry.schemaById(2_000_000_000), 'UNKNOWN_SCHEMA_ID');
  equal((await registry.versions(newName('nothing'))).length, 0, 'versions of an unknown subject');
}

async function levels(registry: SchemaRegistry): Promise<void> {
  const subject = newName('level');
  await registry.compatibility(subject);
  for (const level of ['FULL_TRANSITIVE', 'NONE'] as const) {
    await registry.setCompatibility(subject, level);
    equal(await registry.compatibility(subject), level, 'level');
  }
  await registry.register(subject, recordText('Levelled', []));
  equal(await registry.compatibility(subject), 'NONE', 'level after registering');
}

async function refusesIncompatible(registry: SchemaRegistry): Promise<void> {
  const subject = newName('strict');
  const required = (name: string) => ({ name, type: 'string' });
  await registry.register(subject, fieldsText([required('id')]));
  await registry.register(
    subject,
    fieldsText([required('id'), { ...required('more'), default: '' }]),
  );
  // Reads version 2, which has the field, but not version 1.
  const third = fieldsText([required('id'), required('more')]);
  await rejects(registry.register(subject, third), 'INCOMPATIBLE_SCHEMA');
  equal((await registry.versions(subject)).length, 2, 'versions after a refusal');
  await registry.setCompatibility(subject, 'BACKWARD');
  equal((await registry.register(subject, third)).version, 3, 'version under BACKWARD');
}

async function incompatibleAtOnce(open: () => SchemaRegistry): Promise<void> {
  const registries = [open(), open()];
  try {
    const subject = newName('rivals');
    await registries[0]?.setCompatibility(subject, 'BACKWARD_TRANSITIVE');
    const rivals = ['string', 'long'].map((type) => fieldsText([{ name: 'id', type }]));
    const outcomes = await Promise.allSettled(
      registries.map((each, rival) => each.register(subject, rivals[rival] ?? '')),
    );
    const statuses = outcomes.map(({ status }) => status).sort();
    equal(statuses, ['fulfilled', 'rejected'], 'outcomes');
  } finally {
    await Promise.all(registries.map((each) => each.close()));
  }
}

async function withRegistry(
  open: () => SchemaRegistry,
  check: (registry: SchemaRegistry) => Promise<void>,
): Promise<void> {
  const registry = open();
  try {
    await check(registry);
  } finally {
    await registry.close();
  }
}

function newName(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString('hex')}`;
}

function recordText(name: string, added: readonly string[]): string {
  const extra = added.map((field) => ({ name: field, type: ['null', 'string'], default: null }));
  return JSON.stringify({
    type: 'record',
    name,
    fields: [{ name: 'id', type: 'string' }, ...extra],
  });
}

function fieldsText(fields: readonly object[]): string {
  return JSON.stringify({ type: 'record', name: 'Fields', fields });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

async function rejects(promise: Promise<unknown>, code: string): Promise<void> {
  const outcome = await promise.then(
    () => 'it was fulfilled',
    (error: unknown) => (isRepriseError(error) ? error.code : String(error)),
  );
  equal(outcome, code, 'error code');
}

function equal(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what}: ${is} instead of ${should}`);
}
