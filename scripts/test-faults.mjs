/**
 * `npm run test:faults`: the fault matrix in its long form, from a printed seed (`REPRISE_TEST_SEED` repeats one). What is named after `--` goes to vitest, e.g. the name of
 * one file. docs/explanation/faults.md says which test stands for which fault.
 */
import { spawn } from 'node:child_process';
import process from 'node:process';

const seed = process.env.REPRISE_TEST_SEED ?? String(Date.now() % 1_000_000);
console.log(`fault matrix, seed ${seed}: REPRISE_TEST_SEED=${seed} npm run test:faults repeats it`);

const env = {
  REPRISE_REQUIRE_KAFKA: '1',
  REPRISE_TEST_KILLS: '4',
  REPRISE_TEST_EVENTS: '100000',
  ...process.env,
  REPRISE_TEST_LONG: '1',
  REPRISE_TEST_SEED: seed,
};
const wanted = process.argv.slice(2);
const files =
  wanted.length > 0
    ? wanted
    : [
        'test/faults',
        'test/integration/ambiguous-commit',
        'test/integration/derived-schedules',
        'test/integration/kafka-broker-crash',
        'test/integration/patterns-flink',
        'test/integration/switch-causes',
      ];
spawn('npx', ['vitest', 'run', '--project', 'real', ...files], {
  stdio: 'inherit',
  env: { ...process.env, ...env },
}).on('exit', (code) => process.exit(code ?? 1));
