/**
 * `reprise/testing`: scenarios of projections in memory, specifications and law checks (those need
 * fast-check), and the contract suites that every adapter of a port must pass (those need vitest).
 */
export type { AggregateOptions } from './check-aggregate.ts';
export { checkAggregate } from './check-aggregate.ts';
export type { LawOptions } from './check-laws.ts';
export { checkLaws } from './check-laws.ts';
export type { UpcasterOptions } from './check-upcasters.ts';
export { checkUpcasters, upcastEvent } from './check-upcasters.ts';
export { eventArbitrary } from './event-arbitrary.ts';
export type { EventLogSubject } from './event-log-contract.ts';
export { eventLogContract } from './event-log-contract.ts';
export type { Law } from './find-broken-law.ts';
export type { ExpectedRow, GivenStep, Outcome, WhenStep } from './given.ts';
export { given } from './given.ts';
export type { Happening } from './happening.ts';
export { occurred, quiet, tombstone } from './happening.ts';
export type { MemoryLog, MemoryRecord, PublishPlace } from './memory-log.ts';
export type { Alert, ScenarioOptions } from './scenario.ts';
export { Scenario, scenario } from './scenario.ts';
export type { SchemaRegistryCase } from './schema-registry-contract.ts';
export { schemaRegistryContract } from './schema-registry-contract.ts';
export type { Given } from './with-dates.ts';
