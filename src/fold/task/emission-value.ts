import type { EmissionPlan, SessionPlan, WindowedPlan } from '../../projection/plan/plan.ts';
import { RepriseError } from '../../reprise-error.ts';

/** What is published, and why. */
interface Emitting {
  readonly plan: Pick<WindowedPlan | SessionPlan, 'name' | 'kind' | 'keys'>;
  readonly emission: EmissionPlan;
  /** The closed or revised row, by SQL column names. */
  readonly row: Readonly<Record<string, unknown>>;
  /**
   * The late event that revised it: the error policy may apply to that record. Null: time passed,
   * and no record is at fault.
   */
  readonly record: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  } | null;
}

/**
 * Returns the value of a user's `.onClose` or `.onRevise` for a row; null or undefined: nothing is
 * published.
 * @throws HANDLER_FAILED naming the row, and the record if one is at fault
 */
export function emissionValue({ plan, emission, row, record }: Emitting): unknown {
  try {
    return emission.make(row as never);
  } catch (error) {
    const start = plan.kind === 'session' ? 'started_at' : 'window_start';
    const place = [start, ...plan.keys.map(({ column }) => column)]
      .map((name) => `${name} ${shown(row[name])}`)
      .join(', ');
    const what = `.${emission.on === 'close' ? 'onClose' : 'onRevise'}(${emission.event.name}, …)`;
    const by =
      record === null ? '' : `, revised by ${record.topic}[${record.partition}]@${record.offset}`;
    throw new RepriseError(
      'HANDLER_FAILED',
      `${plan.name}: ${what} failed for the ${plan.kind === 'session' ? 'session' : 'window'} with ${place}${by}: ${(error as Error).message}. Correct the function, raise the version and rebuild.`,
      { cause: error, facts: { projection: plan.name, ...record } },
    );
  }
}

function shown(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
