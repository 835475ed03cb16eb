import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { unexportedTypes } from '../support/exported-types.ts';

it('every type that a public signature names is exported', () => {
  const root = join(inject('bareProject'), 'node_modules/reprise/');
  const entries = ['index', 'testing/index', 'testing/contracts/index'].map((name) =>
    join(root, `dist/src/${name}.d.ts`),
  );
  expect(unexportedTypes(entries, root)).toEqual([]);
});
