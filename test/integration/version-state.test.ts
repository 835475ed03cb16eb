import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STATES_BEFORE, type VersionState } from '../../src/runner/store/version-state.ts';
import { lockProjection, setVersionState } from '../../src/runner/store/version-store.ts';
import { useDatabase } from '../support/test-database.ts';

const STATES = Object.keys(STATES_BEFORE) as VersionState[];
const MOVES = STATES.flatMap((from) => STATES.map((to) => [from, to] as const));
const key = { projection: 'orders', version: 1 };

const database = useDatabase('file');
let pool: Pool;

beforeAll(async () => {
  pool = new Pool({ connectionString: database.url });
});

afterAll(async () => {
  await pool.end();
});

/** Moves a version that is `from` to another state. @returns what it is afterwards */
async function move(from: VersionState, to: VersionState): Promise<string> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await lockProjection(client, key.projection);
    await client.query(
      `insert into reprise.projection_versions (projection, version, fingerprint, plan, state)
       values ($1, $2, 'f', '{}', $3)`,
      [key.projection, key.version, from],
    );
    await setVersionState(client, key, to);
    const { rows } = await client.query<{ state: string }>(
      'select state from reprise.projection_versions',
    );
    return rows[0]?.state ?? '';
  } finally {
    await client.query('rollback');
    client.release();
  }
}

describe('the states of a version', () => {
  test.each(MOVES.filter(([from, to]) => STATES_BEFORE[to].includes(from)))(
    'lead from %s to %s',
    async (from, to) => {
      await expect(move(from, to)).resolves.toBe(to);
    },
  );

  test.each(MOVES.filter(([from, to]) => !STATES_BEFORE[to].includes(from)))(
    'do not lead from %s to %s',
    async (from, to) => {
      const message = `orders version 1 cannot become ${to}: it is ${from}.`;
      await expect(move(from, to)).rejects.toThrow(message);
    },
  );

  test('say so where there is no such version', async () => {
    const client = await pool.connect();
    await expect(setVersionState(client, key, 'ready')).rejects.toThrow('it does not exist');
    client.release();
  });
});
