/**
 * `reprise/testing`: the contract suites that every adapter of a port must pass. Needs vitest in the project that runs them.
 */
export { eventLogContract } from './event-log-contract.ts';
export { schemaRegistryContract } from './schema-registry-contract.ts';
