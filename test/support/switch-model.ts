/** An emission as the model sees it. */
export interface ModelEmission {
  readonly id: string;
  readonly offsets: readonly number[];
  readonly dueMs: number | null;
}

/** What has been answered for: plain sets. */
interface Coverage {
  readonly offsets: ReadonlySet<number>;
  readonly untilMs: number;
}

const NOTHING: Coverage = { offsets: new Set(), untilMs: Number.NEGATIVE_INFINITY };

/** A version in the model: what it has committed. */
class ModelVersion {
  nextOffset = 0;
  watermarkMs = Number.NEGATIVE_INFINITY;
  readonly aside = new Set<number>();
  /** Of those it took the place of. */
  replaced: Coverage = NOTHING;
  held: ModelEmission[] = [];
  readonly emitted = new Set<string>();
  wasActive = false;

  coverage(): Coverage {
    const offsets = new Set(this.replaced.offsets);
    for (let offset = 0; offset < this.nextOffset; offset += 1) {
      if (!this.aside.has(offset)) offsets.add(offset);
    }
    return { offsets, untilMs: Math.max(this.watermarkMs, this.replaced.untilMs) };
  }
}

/**
 * Which alerts must be published, by the rule alone: an emission is published exactly when its
 * cause is not covered by what the version that was replaced has committed. Looks at no table.
 */
export class SwitchModel {
  readonly #versions = new Map<number, ModelVersion>();
  /** Every version that there was, also those that are gone. */
  readonly #ever: ModelVersion[] = [];
  active: number | null = null;
  previous: number | null = null;
  readonly published: string[] = [];

  has(version: number): boolean {
    return this.#versions.has(version);
  }

  versions(): readonly number[] {
    return [...this.#versions.keys()];
  }

  of(version: number): ModelVersion {
    const found = this.#versions.get(version);
    if (found === undefined) throw new TypeError(`the model has no version ${version}`);
    return found;
  }

  add(version: number): void {
    const made = new ModelVersion();
    this.#versions.set(version, made);
    this.#ever.push(made);
  }

  /** A commit of a version. */
  commit(
    version: number,
    to: {
      readonly nextOffset: number;
      readonly watermarkMs: number | null;
      readonly aside: readonly number[];
      readonly emissions: readonly ModelEmission[];
    },
  ): void {
    const of = this.of(version);
    of.nextOffset = to.nextOffset;
    of.watermarkMs = to.watermarkMs ?? of.watermarkMs;
    for (const offset of to.aside) of.aside.add(offset);
    for (const emission of to.emissions) {
      of.emitted.add(emission.id);
      if (this.active !== version) of.held.push(emission);
      else if (!covers(of.replaced, emission)) this.published.push(emission.id);
    }
  }

  /** A version takes the place of the active one. */
  switchTo(version: number): void {
    const to = this.of(version);
    to.wasActive = true;
    if (this.active === version) return;
    if (this.active !== null) to.replaced = this.of(this.active).coverage();
    const released = to.held.filter((emission) => !covers(to.replaced, emission));
    this.published.push(...released.map(({ id }) => id));
    to.held = [];
    this.previous = this.active;
    this.active = version;
  }

  retire(version: number): void {
    this.#versions.delete(version);
    if (this.previous === version) this.previous = null;
  }

  /**
   * Emissions that every version made which was ever active: whichever was active when their cause
   * came, it made them.
   */
  certain(): readonly string[] {
    const [first, ...others] = this.#ever.filter(({ wasActive }) => wasActive);
    return [...(first?.emitted ?? [])].filter((id) =>
      others.every(({ emitted }) => emitted.has(id)),
    );
  }
}

function covers({ offsets, untilMs }: Coverage, emission: ModelEmission): boolean {
  return (
    emission.offsets.every((offset) => offsets.has(offset)) &&
    (emission.dueMs === null || emission.dueMs <= untilMs)
  );
}
