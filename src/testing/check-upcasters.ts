import { AssertionError } from 'node:assert';
import { inspect } from 'node:util';
import { createEventDecoder } from '../avro/decode/event-decoder.ts';
import { createEventEncoder } from '../avro/decode/event-encoder.ts';
import type { EventDefinition } from '../event/event-definition.ts';
import { eventArbitrary } from './event-arbitrary.ts';
import { fastCheck } from './fast-check.ts';
import { type Impurity, watched } from './watch-functions.ts';

const SCHEMA_ID = 1;

/** Options of `checkUpcasters`. */
export interface UpcasterOptions {
  /** Number of random events of each recorded version. Default 200. */
  readonly runs?: number;
  /** Seed of the run to repeat, from a failure's message. */
  readonly seed?: number;
  /** Path of the counterexample to repeat, from a failure's message. */
  readonly path?: string;
}

/**
 * Returns an event of a recorded version as it is read today: encodes it with that version's schema
 * and decodes it as the runner does.
 * @throws ENCODE_FAILED if `value` is not an event of that version; UPCAST_FAILED,
 * INCOMPATIBLE_SCHEMA
 * @example
 * const eventId = '00000000-0000-4000-8000-000000000000';
 * const acted = { eventId, userId: 'u1', action: 'VIEW', occurredAt: new Date(0) } as const;
 * expect(upcastEvent(UserActed, UserActedV1, { ...acted, amount: 1500n }).value).toBe(1.5);
 */
export function upcastEvent<Event, Old>(
  event: EventDefinition<Event>,
  version: EventDefinition<Old>,
  value: Old,
): Event {
  const decoder = createEventDecoder(event);
  decoder.resolve(SCHEMA_ID, version.schemaText ?? '');
  return decoder.decode(createEventEncoder(version).encode(value, SCHEMA_ID));
}

/**
 * Checks that every possible event of a recorded version is read as an event of today, and that
 * upcasters are pure: the same result twice, on frozen inputs, without clock, randomness, timers
 * and network. Events are random (with fast-check, an optional peer dependency).
 * @throws AssertionError with the smallest event found, and how to repeat it
 * @example
 * checkUpcasters(UserActed, { runs: 50 });
 */
export function checkUpcasters(event: EventDefinition, options: UpcasterOptions = {}): void {
  const { evolution } = event;
  if (evolution === undefined) {
    throw new AssertionError({ message: `${event.name} has no upcasters to check.` });
  }
  const found: Impurity[] = [];
  const upcasters = evolution.upcasters.map((upcaster, i) => ({
    ...upcaster,
    up: watched(upcaster.up as never, `upcaster ${i + 1}`, found) as typeof upcaster.up,
  }));
  const observed = { ...event, evolution: { ...evolution, upcasters } };
  for (const [index, version] of evolution.versions.entries()) {
    checkVersion({ event: observed, version, number: index + 1, found }, options);
  }
}

interface Checked {
  readonly event: EventDefinition;
  readonly version: EventDefinition;
  readonly number: number;
  readonly found: Impurity[];
}

function checkVersion(checked: Checked, { runs = 200, seed, path }: UpcasterOptions): void {
  const fc = fastCheck('checkUpcasters');
  const details = fc.check(
    fc.property(eventArbitrary(checked.version), (value) => problemOf(checked, value) === null),
    {
      numRuns: runs,
      ...(seed === undefined ? {} : { seed }),
      ...(path === undefined ? {} : { path }),
    },
  );
  if (!details.failed || details.counterexample === null) return;
  const [value] = details.counterexample;
  throw new AssertionError({
    message: [
      `${checked.event.name}: an event of version ${checked.number} does not read as one of today: ${problemOf(checked, value)}`,
      `The smallest found that shows it: ${inspect(value, { depth: 8 })}`,
      `Repeat it with { seed: ${details.seed}, path: ${JSON.stringify(details.counterexamplePath)} }.`,
    ].join('\n'),
  });
}

function problemOf({ event, version, found }: Checked, value: unknown): string | null {
  found.length = 0;
  try {
    upcastEvent(event, version, value);
  } catch (error) {
    return (error as Error).message;
  }
  const [impurity] = found;
  return impurity === undefined ? null : `${impurity.where} is not pure: ${impurity.what}`;
}
