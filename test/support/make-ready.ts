import type { ClientBase } from 'pg';
import type { Plan } from '../../src/projection/plan/plan.ts';
import { createTables } from '../../src/runner/store/create-tables.ts';
import { copyJournal } from '../../src/runner/store/journal-store.ts';
import {
  insertVersion,
  lockProjection,
  setVersionState,
} from '../../src/runner/store/version-store.ts';

/** A version as a rebuild begins it, complete as soon as it has folded something. */
export async function makeReady(client: ClientBase, plan: Plan): Promise<void> {
  const active = await lockProjection(client, plan.name);
  await createTables(client, plan, 'now');
  await insertVersion(client, plan, 'building');
  await setVersionState(client, { projection: plan.name, version: plan.version }, 'ready');
  if (active === null) return;
  await copyJournal(client, {
    projection: plan.name,
    fromVersion: active,
    toVersion: plan.version,
    all: false,
  });
}
