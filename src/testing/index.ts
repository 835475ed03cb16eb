/**
 * `reprise/testing`: scenarios of projections in memory, and the contract suites that every adapter of a port must pass (those need vitest).
 */
export { eventLogContract } from './event-log-contract.ts';
export type { Alert, Given, ScenarioOptions } from './scenario.ts';
export { Scenario, scenario } from './scenario.ts';
export { schemaRegistryContract } from './schema-registry-contract.ts';
