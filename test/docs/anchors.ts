/** Names the anchors of headings as GitHub does. One instance for each document. */
export class Anchors {
  readonly #taken = new Map<string, number>();

  of(heading: string): string {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-');
    const count = this.#taken.get(slug) ?? 0;
    this.#taken.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  }
}

/** Headings of a text, in order; those in code do not count. */
export function headingsOf(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
}

/** Anchors of the headings of a document. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Anchors();
  return new Set(headingsOf(text).map((heading) => anchors.of(heading)));
}
