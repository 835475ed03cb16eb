import { RepriseError } from '../reprise-error.ts';
import type { EventDefinition, Evolution, Upcaster } from './event-definition.ts';

/**
 * Declares an upcaster. `up` must be pure: it gives the same result for the same event and uses no
 * clock, randomness or I/O, because every replay calls it again. It runs in live reading and in
 * replays. The record fails with UPCAST_FAILED if `up` throws or returns a value that is not an
 * event of `to`.
 * @example
 * upcaster(UserActedV1, UserActedV2, ({ amount, ...event }) => ({
 *   ...event,
 *   amount: Number(amount) / 1_000,
 * }))
 */
export function upcaster<From, To>(
  from: EventDefinition<From>,
  to: EventDefinition<To>,
  up: (event: From) => To,
): Upcaster {
  return { from, to, up };
}

/** Validates the upcasters of an event. @throws DEFINITION_INVALID naming event and upcaster */
export function evolutionOf(
  event: string,
  versions: readonly EventDefinition[],
  upcasters: readonly Upcaster[],
): Evolution {
  const place = (definition: EventDefinition) => versions.indexOf(definition);
  const ascending = [...upcasters].sort((a, b) => place(a.from) - place(b.from));
  let reached = 0;
  for (const { from, to } of ascending) {
    const [first, last] = [place(from), place(to)];
    if (first < 0 || last < 0) {
      throw refused(event, 'an upcaster is between versions that are not recorded ones of it');
    }
    const name = `the upcaster from version ${first + 1} to ${last + 1}`;
    if (first >= last) throw refused(event, `${name} does not lead to a later version`);
    if (first < reached) throw refused(event, `${name} begins before another has ended`);
    reached = last;
  }
  return { versions, upcasters: ascending };
}

function refused(event: string, problem: string): RepriseError {
  return new RepriseError(
    'DEFINITION_INVALID',
    `Event ${event}: ${problem}. Upcasters lead from one recorded version to a later one, each beginning where the one before ends or after.`,
    { facts: { event } },
  );
}
