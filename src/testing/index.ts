/**
 * `reprise/testing`: scenarios of projections in memory, specifications, and law checks, which need
 * fast-check. It works with any test runner; `reprise/testing/contracts` needs vitest.
 */
export type { AggregateOptions } from './check-aggregate.ts';
export { checkAggregate } from './check-aggregate.ts';
export type { LawOptions } from './check-laws.ts';
export { checkLaws } from './check-laws.ts';
export type { UpcasterOptions } from './check-upcasters.ts';
export { checkUpcasters, upcastEvent } from './check-upcasters.ts';
export { eventArbitrary } from './event-arbitrary.ts';
export type { Law } from './find-broken-law.ts';
export type { ExpectedRow, GivenStep, Outcome, WhenStep } from './given.ts';
export { given } from './given.ts';
export type { Happening } from './happening.ts';
export { occurred, quiet, tombstone } from './happening.ts';
export type { MemoryLog, MemoryRecord, PublishPlace } from './memory-log.ts';
export type { Alert, ScenarioOptions } from './scenario.ts';
export { Scenario, scenario } from './scenario.ts';
export type { Given } from './with-dates.ts';
