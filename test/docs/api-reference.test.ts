import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apiReference, withoutSubject } from './api-reference.ts';
import { API_PAGES } from './api-subjects.ts';
import { ROOT, textOf } from './documents.ts';
import { publicApi } from './public-api.ts';

const api = publicApi();
const pages = apiReference(api);

describe('the reference of the API', () => {
  it('has a subject for every public name, and names for every subject', () => {
    expect(withoutSubject(api)).toEqual([]);
    for (const { file, sections } of API_PAGES) {
      const text = pages.get(file) ?? '';
      for (const { title } of sections)
        expect(text).toMatch(new RegExp(`\n## ${title}\n\nImport from .*\n\n### `));
    }
  });

  it('names every public name in the index', () => {
    const linked = [...(pages.get('api.md') ?? '').matchAll(/\[(\w+)\]\(api-[\w-]+\.md#/g)];
    expect(new Set(linked.map(([, name]) => name))).toEqual(
      new Set(api.names.map(({ name }) => name)),
    );
    expect(linked).toHaveLength(api.names.length);
  });

  it('names error codes that exist where something throws', () => {
    const text = [...pages.values()].join('\n');
    const thrown = [...text.matchAll(/^- Throws [\s\S]*?(?=\n- |\n\n)/gm)];
    const codes = thrown.flatMap(([item]) => item.match(/(?<=`)[A-Z]{3,}(?:_[A-Z]+)*(?=`)/g) ?? []);
    const explained = [...textOf('docs/reference/errors.md').matchAll(/^\| `([A-Z_]+)`/gm)];
    expect(codes.length).toBeGreaterThan(50);
    expect(codes.filter((code) => !explained.some(([, each]) => each === code))).toEqual([]);
  });

  /** `npx vitest run --project docs -u` writes the pages anew. */
  it.each([...pages.keys()])('%s is what the sources say', async (file) => {
    await expect(pages.get(file)).toMatchFileSnapshot(join(ROOT, 'docs/reference', file));
  });
});
