import { startEmbeddedPostgres } from '../src/embedded/embedded-postgres.ts';
import pg from 'pg';
import { mkdtemp, chmod } from 'node:fs/promises';
const dir = await mkdtemp('/tmp/pk-'); await chmod(dir, 0o711);
const server = await startEmbeddedPostgres({ dataDirectory: dir + '/pg', onProgress: () => {} });
const c = new pg.Client(server.url); await c.connect();
const t = async (sql: string) => { const s = performance.now(); const r = await c.query(sql); console.log((performance.now() - s).toFixed(0).padStart(6), sql.slice(0, 100)); return r; };
console.log((await c.query(`select datcollate, datlocprovider from pg_database where datname=current_database()`)).rows);
for (const par of [1, 2, 1, 2, 1, 2]) {
  await t('drop table if exists w');
  await t('create table w (_partition int4 not null, user_id text not null, window_start timestamptz not null, window_end timestamptz not null, n int8 not null, total float8 not null, lo float8 not null, hi float8 not null, a float8[], b int8)');
  await t(`insert into w select p, 'user-' || lpad(u::text, 5, '0'), to_timestamp(m*60), to_timestamp(m*60+60), 3, 1.5, 1, 2, null, 5 from generate_series(0,3) p, generate_series(1,2500) u, generate_series(1,85) m`);
  await t('checkpoint');
  await t('begin');
  await t(`set local maintenance_work_mem='256MB'`);
  await t(`set local max_parallel_maintenance_workers=${par}`);
  await t('alter table w add primary key (_partition, user_id, window_start)');
  await t('analyze w');
  await t('select count(*) from w');
  await t('commit');
}
await c.end(); await server.stop();
