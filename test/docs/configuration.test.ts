import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENVIRONMENT_VARIABLES } from '../../src/config/environment.ts';
import { configKeys } from '../architecture/config-keys.ts';
import { ROOT, textOf } from './documents.ts';

const text = textOf('docs/reference/configuration.md');

/** Variables of others that reprise reads or sets, and of its own tests. Not in the reference. */
const NOT_OURS: Readonly<Record<string, string>> = {
  KAFKAJS_NO_PARTITIONER_WARNING: 'silences a warning of kafkajs',
  LD_LIBRARY_PATH: "the linker's: where the embedded Postgres finds its libraries",
  PGUSER: "libpq's: names the user in a message",
  REPRISE_FAILPOINT: 'fault tests set it',
  REPRISE_FAILPOINT_ACTION: 'fault tests set it',
  REPRISE_FAILPOINT_AFTER: 'fault tests set it',
  TZ: "the operating system's: law checks change it",
};

describe('the reference of the configuration', () => {
  it('explains every key where it belongs', () => {
    const lacking = configKeys().filter((path) => {
      const [top = '', ...below] = path.split('.');
      const word = new RegExp(`\`[^\`]*\\b${below.at(-1) ?? top}\\b[^\`]*\``);
      return !word.test(sectionOf(below.length === 0 ? 'Keys' : `\`${top}\``));
    });
    expect(lacking).toEqual([]);
  });

  it('has rows for keys that exist, and for no others', () => {
    const keys = configKeys();
    const rows = ['Keys', ...keys.filter((key) => !key.includes('.')).map((key) => `\`${key}\``)];
    const named = rows.flatMap((heading) => {
      const before = heading === 'Keys' ? '' : `${heading.slice(1, -1)}.`;
      return keyRows(sectionOf(heading)).map((key) => `${before}${key}`);
    });
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((key) => !keys.includes(key))).toEqual([]);
  });

  it('lists every environment variable with its key, and no other', () => {
    const rows = [...sectionOf('Environment variables').matchAll(/^\| `(\w+)` \| `([\w.]+)` \|/gm)];
    const listed = rows.map(([, name, key]) => `${name} ${key}`);
    expect(new Set(listed)).toEqual(
      new Set(ENVIRONMENT_VARIABLES.map(({ name, key }) => `${name} ${key}`)),
    );
    expect(listed).toHaveLength(ENVIRONMENT_VARIABLES.length);
  });

  it('leaves out no variable that the sources read', () => {
    const read = new Set(sources().flatMap(variablesIn));
    expect(read.size).toBeGreaterThan(20);
    const known = [...ENVIRONMENT_VARIABLES.map(({ name }) => name), ...Object.keys(NOT_OURS)];
    expect(read).toEqual(new Set(known));
  });
});

/** The text under a heading, up to the next one. */
function sectionOf(heading: string): string {
  const parts = text.split(/^##+ /m);
  return parts.find((part) => part.startsWith(`${heading}\n`)) ?? '';
}

/** First cells of tables whose first column is `key`; a cell may name two. */
function keyRows(section: string): readonly string[] {
  return [...section.matchAll(/^\| key \|.*\n\|[-|]+\n((?:\|.*\n)*)/gm)].flatMap(([, rows = '']) =>
    rows.split('\n').flatMap((row) => {
      const [, cell = ''] = /^\| ([^|]*) \|/.exec(row) ?? [];
      return [...cell.matchAll(/`(\w+)`/g)].map(([, key = '']) => key);
    }),
  );
}

function sources(): readonly string[] {
  const folder = join(ROOT, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
}

/** Variables that a text takes from the environment, and all that begin with `REPRISE_`. */
function variablesIn(source: string): readonly string[] {
  const found = source.matchAll(/\benv(?:ironment)?(?:\.|\[')([A-Z_]+)|'(REPRISE_[A-Z_]+)'/g);
  return [...found].map(([, read, quoted]) => read ?? quoted ?? '');
}
