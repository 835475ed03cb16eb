import { expect, it } from 'vitest';
import { checkRecords } from '../../../src/schemas/check-records.ts';
import { recordCurrent } from '../../../src/schemas/record-current.ts';
import { currentSchema } from '../../../src/schemas/resolved-schema.ts';
import { readSchemaFolder } from '../../../src/schemas/schema-folder.ts';
import {
  order,
  RULES,
  schemaDirectory,
  writeCurrent,
  writeVersion,
} from '../../support/schema-folder.ts';

const id = { name: 'id', type: 'string' };
const cents = (scale: number) => ({
  name: 'total',
  type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale },
});

it('finds nothing in the example', async () => {
  expect(checkRecords(await readSchemaFolder('schemas'), RULES)).toEqual([]);
});

it('compares with every version, not the last alone', async () => {
  const directory = await schemaDirectory();
  await writeVersion(directory, 'order', order([id]));
  await writeVersion(
    directory,
    'order',
    order([id, { name: 'note', type: 'string', default: '' }]),
  );
  // Reads version 2, which has the field, but not version 1.
  const folder = await writeCurrent(
    directory,
    'order',
    order([id, { name: 'note', type: 'string' }]),
  );
  expect(checkRecords(folder, RULES)).toMatchObject([
    {
      level: 'error',
      code: 'INCOMPATIBLE_SCHEMA',
      file: 'order.avsc',
      message:
        'the schema of orders-shop.OrderPlaced breaks BACKWARD_TRANSITIVE: the new schema cannot read what version 1 wrote: READER_FIELD_MISSING_DEFAULT_VALUE at /fields/1: note',
    },
    { level: 'error', code: 'NOT_RECORDED', message: expect.stringContaining('schemas new order') },
  ]);
  const one = checkRecords(folder, { ...RULES, mode: 'BACKWARD' });
  expect(one.map(({ code }) => code)).toEqual(['NOT_RECORDED']);
});

it('refuses to record what breaks the mode, and records nothing', async () => {
  const directory = await schemaDirectory();
  await writeVersion(directory, 'order', order([id]));
  const changed = order([{ name: 'id', type: 'long' }]);
  await expect(writeVersion(directory, 'order', changed)).rejects.toMatchObject({
    code: 'INCOMPATIBLE_SCHEMA',
    message: expect.stringMatching(
      /TYPE_MISMATCH at \/fields\/0\/type.*schemas diff order.*--upcaster/,
    ),
  });
  expect((await readSchemaFolder(directory)).records[0]?.versions).toHaveLength(1);
});

it('starts anew at an upcaster: what lies before it is read through it', async () => {
  const directory = await schemaDirectory();
  await writeVersion(directory, 'order', order([id]));
  await writeVersion(directory, 'order', order([{ name: 'id', type: 'long' }]), { upcaster: true });
  const folder = await writeVersion(directory, 'order', order([{ name: 'id', type: 'double' }]));
  expect(checkRecords(folder, RULES)).toEqual([]);
  const broken = await writeCurrent(directory, 'order', order([{ name: 'id', type: 'boolean' }]));
  const messages = checkRecords(broken, RULES).map(({ message }) => message);
  expect(messages[0]).toMatch(/version 3 wrote.*version 2 wrote/);
  expect(messages[0]).not.toContain('version 1 wrote');
});

it('warns of what is compatible and silently wrong', async () => {
  const directory = await schemaDirectory();
  await writeVersion(directory, 'order', order([id, cents(2)]));
  const folder = await writeVersion(directory, 'order', order([id, cents(3)]));
  expect(checkRecords(folder, RULES)).toMatchObject([
    {
      level: 'warning',
      code: 'DECIMAL_SCALE_CHANGED',
      file: 'history/order/2.avsc',
      message: expect.stringMatching(
        /^beside version 1, at \/fields\/1\/type: written with scale 2/,
      ),
    },
  ]);
});

it('records the types of other files with the versions that were meant', async () => {
  const directory = await schemaDirectory();
  const address = { type: 'record', name: 'Address', namespace: 'shop', fields: [id] };
  await writeCurrent(directory, 'address', address);
  const to = { name: 'to', type: 'Address' };
  await writeVersion(directory, 'order', order([to]));
  const wider = { ...address, fields: [id, { name: 'city', type: 'string', default: '' }] };
  const changed = await writeCurrent(directory, 'address', wider);
  // The text of order.avsc is the same, and its schema is not.
  expect(checkRecords(changed, RULES).map(({ file, code }) => [file, code])).toEqual([
    ['address.avsc', 'NOT_RECORDED'],
    ['order.avsc', 'NOT_RECORDED'],
  ]);
  const { folder, recorded } = await recordCurrent({
    folder: changed,
    name: 'order',
    rules: RULES,
    upcaster: false,
  });
  expect(recorded.map(({ path }) => path)).toEqual(['address/2.avsc', 'order/2.avsc']);
  const versions = folder.records.find(({ name }) => name === 'order')?.versions ?? [];
  expect(versions.map(({ references }) => references)).toEqual([
    { 'shop.Address': 'address/1.avsc' },
    { 'shop.Address': 'address/2.avsc' },
  ]);
  expect(checkRecords(folder, RULES)).toEqual([]);
  const narrow = { ...address, fields: [{ name: 'id', type: 'int' }] };
  const broken = await writeCurrent(directory, 'address', narrow);
  expect(
    checkRecords(broken, RULES).filter(({ code }) => code === 'INCOMPATIBLE_SCHEMA'),
  ).toHaveLength(2);
});

it('names a type that no file has, and files that need one another', async () => {
  const directory = await schemaDirectory();
  const folder = await writeCurrent(directory, 'a', order([{ name: 'b', type: 'B' }]));
  expect(() => checkRecords(folder, RULES)).toThrow(/a\.avsc, field b: has unknown type "shop\.B"/);
  const b = {
    type: 'record',
    name: 'B',
    namespace: 'shop',
    fields: [{ name: 'a', type: 'OrderPlaced' }],
  };
  const circle = await writeCurrent(directory, 'b', b);
  const current = circle.records[0]?.current ?? '';
  expect(() => currentSchema(circle, 'a', current)).toThrow(
    /a\.avsc: names types in a circle \(a\.avsc → b\.avsc → a\.avsc\)/,
  );
});
