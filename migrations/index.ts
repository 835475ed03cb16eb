import { projections } from './0001-projections.ts';
import { log } from './0002-log.ts';
import { registry } from './0003-registry.ts';
import { journal } from './0004-journal.ts';
import { mergeFunctions } from './0005-merge-functions.ts';
import { previousVersion } from './0006-previous-version.ts';
import { attempts } from './0007-attempts.ts';
import { instances } from './0010-instances.ts';
import { quarantine } from './0013-quarantine-breaking.ts';
import { rebuildLease } from './0015-rebuild-lease.ts';
import { movedLog } from './0016-moved-log.ts';
import { registryHistory } from './0018-registry-history.ts';
import { dataKeys } from './0020-data-keys.ts';
import { outboxByVersion } from './0021-outbox-by-version.ts';
import { causes } from './0022-causes.ts';
import { publishing } from './0023-publishing.ts';
import { topicPartitions } from './0024-topic-partitions.ts';
import { registryIdentity } from './0025-registry-identity.ts';
import { letterOrder } from './0026-letter-order.ts';
import { mergeDistinct } from './0028-merge-distinct.ts';
import type { Migration } from './migration.ts';

/**
 * All migrations in the order they run; a list and not a folder, so that the built package needs no
 * file look-ups.
 */
export const migrations: readonly Migration[] = [
  projections,
  log,
  registry,
  journal,
  mergeFunctions,
  previousVersion,
  attempts,
  instances,
  quarantine,
  rebuildLease,
  movedLog,
  registryHistory,
  dataKeys,
  outboxByVersion,
  causes,
  publishing,
  topicPartitions,
  registryIdentity,
  letterOrder,
  mergeDistinct,
];
