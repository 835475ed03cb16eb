import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../src/postgres/migrate.ts';
import { createFaultBench, type FaultBench } from '../support/fault-bench.ts';
import { describeKafka } from '../support/kafka.ts';
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts';
import { sql } from '../support/read-model.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

/**
 * One story: a backup is taken, the log and the read model go on, and the server is lost. The
 * runner lives through all of it.
 */
describeKafka(
  'a Postgres that is restored from a backup older than the log (row 30)',
  (brokers) => {
    let lost: OwnPostgres;
    let restored: OwnPostgres | undefined;
    let proxy: TcpProxy;
    let bench: FaultBench;

    beforeAll(async () => {
      lost = await startOwnPostgres();
      await sql(lost.url(), 'create database app');
      await migrate(lost.url('app'));
      proxy = await startTcpProxy({ host: '127.0.0.1', port: lost.port });
      const databaseUrl = lost.url('app').replace(/:\d+\//, `:${proxy.port}/`);
      bench = await createFaultBench({ brokers, databaseUrl });
    });

    afterAll(async () => {
      await bench?.close();
      await proxy?.close();
      for (const each of [lost, restored]) await each?.remove();
    });

    test('is filled again by replay, also while nothing new arrives', async () => {
      await bench.publish(500);
      await bench.app.runner.start();
      await bench.caughtUp();
      await lost.shutDown();
      restored = await lost.copy();
      await lost.start();
      await bench.publish(500);
      await bench.caughtUp();

      await lost.crash();
      await restored.start();
      proxy.target = { host: '127.0.0.1', port: restored.port };
      proxy.resetAll();
      await bench.caughtUp();
      const [row] = await sql<{ n: string }>(
        restored.url('app'),
        'select sum(events) as n from user_metrics',
      );
      expect(row?.n).toBe('1000');
      await bench.publish(500);
      await bench.caughtUp();
      await bench.app.runner.stop();
      await bench.expectExact();
    });
  },
);
