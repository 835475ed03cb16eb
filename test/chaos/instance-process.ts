/**
 * An instance of the soak in a process of its own: runs until SIGTERM, or rebuilds its version when
 * CHAOS_REBUILD is set.
 */
import { createChaosApp, PROJECTIONS } from './chaos-app.ts';

const app = await createChaosApp({
  databaseUrl: process.env['CHAOS_DATABASE_URL'] ?? '',
  brokers: process.env['CHAOS_BROKERS'] ?? '',
  version: Number(process.env['CHAOS_VERSION']),
});
if (process.env['CHAOS_REBUILD'] !== undefined) {
  for (const name of PROJECTIONS) {
    const built = (await app.status()).some(
      (each) =>
        each.name === name &&
        each.version === Number(process.env['CHAOS_VERSION']) &&
        each.state !== 'building',
    );
    if (!built) await app.versions.rebuild(name);
  }
  await app.close();
} else {
  process.once('SIGTERM', () => void app.close());
  await app.runner.start();
  process.stdout.write('ready\n');
}
