import { RepriseError } from '../../../reprise-error.ts';
import { AppendError } from '../../append-error.ts';
import type { Position } from '../../event-log.ts';

/** One call of `append`: settles when the last of its records has. */
export class AppendCall {
  readonly startedAtMs: number;
  readonly done: Promise<readonly Position[]>;
  readonly #outcomes: (Position | RepriseError)[];
  #left: number;
  #failure: RepriseError | undefined;
  #resolve!: (positions: readonly Position[]) => void;
  #reject!: (error: unknown) => void;

  constructor(records: number, startedAtMs: number) {
    this.startedAtMs = startedAtMs;
    this.#outcomes = new Array<Position | RepriseError>(records);
    this.#left = records;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** None of its records was taken. */
  refuse(error: unknown): void {
    this.#reject(error);
  }

  /** What became of the record at `index`; told once for each. */
  settle(index: number, outcome: Position | RepriseError): void {
    this.#outcomes[index] = outcome;
    if (outcome instanceof RepriseError) this.#failure ??= outcome;
    this.#left -= 1;
    if (this.#left > 0) return;
    if (this.#failure === undefined) this.#resolve(this.#outcomes as Position[]);
    else this.#reject(new AppendError(this.#outcomes, this.#failure));
  }
}
