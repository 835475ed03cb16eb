import { Anchors, headingsOf } from './anchors.ts';
import { ApiPrinter } from './api-printer.ts';
import { API_PAGES, type ApiSection } from './api-subjects.ts';
import { fill, listItem } from './markdown.ts';
import { type PublicApi, type PublicName, rankOf } from './public-api.ts';

const GENERATED =
  'Generated from the sources by `npx vitest run --project docs -u`: change the docstrings there.';

/** The pages of the API reference by file; `api.md` is the index of all names. */
export function apiReference(api: PublicApi): ReadonlyMap<string, string> {
  const print = new ApiPrinter(api);
  const pages = new Map<string, string>();
  const index: string[] = [];
  for (const page of API_PAGES) {
    const anchors = new Anchors();
    anchors.of(`API: ${page.title}`);
    const blocks = [`# API: ${page.title}`, fill(page.about), fill(`${GENERATED} [Index](api.md)`)];
    const items: string[] = [];
    for (const section of page.sections) {
      anchors.of(section.title);
      const names = namesOf(section, api.names);
      const entries = [...new Set(names.map(({ entry }) => `\`${entry}\``))].join(', ');
      blocks.push(`## ${section.title}`, `Import from ${entries}.`);
      const links: string[] = [];
      for (const each of names) {
        const entry = print.entry(each);
        // The first heading is that of the name itself.
        const [anchor] = headingsOf(entry).map((heading) => anchors.of(heading));
        links.push(`[${each.name}](${page.file}#${anchor})`);
        blocks.push(entry);
      }
      items.push(listItem(`**${section.title}**: ${links.join(', ')}`));
    }
    pages.set(page.file, `${blocks.join('\n\n')}\n`);
    index.push(`## [${page.title}](${page.file})`, fill(page.about), items.join('\n'));
  }
  const entries = [...new Set(api.names.map(({ entry }) => `\`${entry}\``))].join(', ');
  const about = `The package has the entry points ${entries}. Errors: [by code](errors.md).`;
  pages.set('api.md', `${['# API', fill(about), fill(GENERATED), ...index].join('\n\n')}\n`);
  return pages;
}

/** Files with public names that no section takes; there must be none. */
export function withoutSubject({ names }: PublicApi): readonly string[] {
  return names.filter((each) => sectionOf(each) === undefined).map(({ path }) => path);
}

/** The names of a section: first code, then types; in the order of its paths and of the sources. */
function namesOf(section: ApiSection, names: readonly PublicName[]): readonly PublicName[] {
  const place = ({ path }: PublicName) =>
    section.paths.findIndex((each) => path.startsWith(`src/${each}`));
  const positionOf = ({ declarations }: PublicName) => declarations[0]?.pos ?? 0;
  return names
    .filter((each) => sectionOf(each) === section)
    .sort(
      (a, b) =>
        rankOf(a) - rankOf(b) ||
        place(a) - place(b) ||
        a.path.localeCompare(b.path) ||
        positionOf(a) - positionOf(b),
    );
}

function sectionOf({ path }: PublicName): ApiSection | undefined {
  const sections = API_PAGES.flatMap((page) => page.sections);
  return sections.find(({ paths }) => paths.some((each) => path.startsWith(`src/${each}`)));
}
