import { RepriseError } from '../../../reprise-error.ts';
import { AppendError } from '../../append-error.ts';
import type { Position } from '../../event-log.ts';

/** One call of `append`. Settles when the last of its records has settled. */
export class AppendCall {
  readonly startedAtMs: number;
  readonly done: Promise<readonly Position[]>;
  readonly #outcomes: (Position | RepriseError)[];
  #left: number;
  #failure: RepriseError | undefined;
  #resolve!: (positions: readonly Position[]) => void;
  #reject!: (error: unknown) => void;

  /**
   * Keys of refused records, by the queue of their partition; null: order within a key does not
   * matter.
   */
  readonly #refused: Map<object, Set<string>> | null;

  constructor(
    records: number,
    options: { readonly startedAtMs: number; readonly inKeyOrder?: boolean },
  ) {
    this.startedAtMs = options.startedAtMs;
    this.#refused = options.inKeyOrder === true ? new Map() : null;
    this.#outcomes = new Array<Position | RepriseError>(records);
    this.#left = records;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Rejects the call: none of its records was accepted. */
  refuse(error: unknown): void {
    this.#reject(error);
  }

  /**
   * Notes that a record of this key was refused, so that later ones must not overtake it. @returns
   * true if a later record could
   */
  refused(queue: object, key: Buffer | null): boolean {
    if (this.#refused === null || key === null) return false;
    const keys = this.#refused.get(queue) ?? new Set();
    this.#refused.set(queue, keys.add(key.toString('latin1')));
    return true;
  }

  /** True if a record would overtake a refused one. */
  mustWait(queue: object, key: Buffer | null): boolean {
    const keys = this.#refused?.get(queue);
    return keys !== undefined && key !== null && keys.has(key.toString('latin1'));
  }

  /** Sets the outcome of the record at `index`; called once for each. */
  settle(index: number, outcome: Position | RepriseError): void {
    this.#outcomes[index] = outcome;
    if (outcome instanceof RepriseError) this.#failure ??= outcome;
    this.#left -= 1;
    if (this.#left > 0) return;
    if (this.#failure === undefined) this.#resolve(this.#outcomes as Position[]);
    else this.#reject(new AppendError(this.#outcomes, this.#failure));
  }
}
