/**
 * `reprise/testing/contracts`: the contract suites for adapters of a port. Needs vitest, an
 * optional peer dependency.
 */
export type { EventLogSubject } from './event-log-contract.ts';
export { eventLogContract } from './event-log-contract.ts';
export type { SchemaRegistryCase } from './schema-registry-contract.ts';
export { schemaRegistryContract } from './schema-registry-contract.ts';
