import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configKeys } from './config-keys.ts';
import { CONFIG_TESTS } from './config-tests.ts';
import { declaredOptions } from './declared-options.ts';
import { OPTION_TESTS } from './option-tests.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('what a projection may declare', () => {
  it('has a test that exercises it at run time', () => {
    const tested = OPTION_TESTS.flatMap(({ options }) => options);
    expect([...new Set(tested)].sort()).toEqual(declaredOptions());
  });

  it.each(OPTION_TESTS)(
    '$file has the test "$title", and uses its options',
    ({ file, title, options }) => {
      const text = readFileSync(join(ROOT, file), 'utf8');
      expect(text).toContain(title);
      const name = (option: string) =>
        option.replace('option ', '').replace('()', '').split('.').at(-1);
      const unused = options.filter((option) => !new RegExp(`\\b${name(option)}\\b`).test(text));
      expect(unused).toEqual([]);
    },
  );
});

describe('what a configuration may say', () => {
  it('has a test that exercises it at run time', () => {
    const tested = CONFIG_TESTS.flatMap(({ options }) => options);
    expect([...tested].sort()).toEqual(configKeys());
  });

  it.each(CONFIG_TESTS)(
    '$file has the test "$title", and uses its keys',
    ({ file, title, options }) => {
      const text = readFileSync(join(ROOT, file), 'utf8');
      expect(text).toContain(title);
      const unused = options.filter(
        (key) => !new RegExp(`\\b${key.split('.').at(-1)}\\b`).test(text),
      );
      expect(unused).toEqual([]);
    },
  );
});
