import type { Knex } from 'knex';

/**
 * One numbered change of the framework's tables in the Postgres schema `reprise`. Runs in a
 * transaction.
 */
export interface Migration {
  /** `0001-projections`; the order is the order of the names. Never changed once released. */
  readonly name: string;
  /**
   * True when a process of the version before cannot work on the migrated tables: stop all before
   * migrating. The name then ends with `-breaking`, which is how such a process, started again, can
   * tell.
   */
  readonly breaking: boolean;
  up(knex: Knex): Promise<void>;
}
