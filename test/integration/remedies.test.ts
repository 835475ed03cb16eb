import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/reprise-error.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Codes that other tests cause and cure; each with the file, and the names of the tests in it. */
const ELSEWHERE: Partial<Record<ErrorCode, readonly [file: string, title: string]>> = {
  SCHEMA_INVALID: ['test/integration/cli-bad-input.test.ts', 'a malformed .avsc file'],
  SCHEMA_STALE: ['test/integration/cli-bad-input.test.ts', 'passes once they are generated'],
  SCHEMA_HISTORY_BROKEN: ['test/unit/cli/schemas-commands.test.ts', 'SCHEMA_HISTORY_BROKEN'],
  ENCODE_FAILED: ['test/integration/publisher.test.ts', 'ENCODE_FAILED'],
  BUDGET_EXCEEDED: ['test/faults/hostile-records.test.ts', 'BUDGET_EXCEEDED'],
  UNKNOWN_DATA_KEY: ['test/integration/forget-subject.test.ts', 'UNKNOWN_DATA_KEY'],
  REGISTRY_UNAVAILABLE: ['test/faults/registry-faults.test.ts', 'REGISTRY_UNAVAILABLE'],
  REGISTRY_REFUSED: ['test/contract/confluent-registry.test.ts', 'REGISTRY_REFUSED'],
  REGISTRY_MISMATCH: ['test/integration/registry-identity.test.ts', 'REGISTRY_MISMATCH'],
  INCOMPATIBLE_SCHEMA: ['test/integration/schemas-registry.test.ts', 'INCOMPATIBLE_SCHEMA'],
  LOG_UNAVAILABLE: ['test/integration/cli-bad-input.test.ts', 'a broker where nobody listens'],
  LOG_UNAUTHORIZED: ['test/integration/kafka-credentials.test.ts', 'LOG_UNAUTHORIZED'],
  OFFSET_OUT_OF_RANGE: ['test/integration/postgres-log.test.ts', 'OFFSET_OUT_OF_RANGE'],
  CORRUPT_RECORD_BATCH: ['test/unit/log/kafka/record-cursor.test.ts', 'CORRUPT_RECORD_BATCH'],
  UNSUPPORTED_RECORD_BATCH: [
    'test/unit/log/kafka/record-cursor.test.ts',
    'UNSUPPORTED_RECORD_BATCH',
  ],
  APPEND_FAILED: ['test/integration/kafka-append.test.ts', 'APPEND_FAILED'],
  PARTITIONS_CHANGED: ['test/integration/grown-topic.test.ts', 'PARTITIONS_CHANGED'],
  LOG_MOVED: ['test/integration/log-move.test.ts', 'LOG_MOVED'],
  COPY_REFUSED: ['test/integration/log-move.test.ts', 'COPY_REFUSED'],
  NULL_KEY: ['test/unit/fold/rows/keys.test.ts', 'NULL_KEY'],
  TOMBSTONE: ['test/integration/tombstones.test.ts', 'TOMBSTONE'],
  UPCAST_FAILED: ['test/unit/avro/upcasting.test.ts', 'UPCAST_FAILED'],
  PATTERN_RUNS_EXCEEDED: ['test/unit/fold/pattern/run-limit.test.ts', 'PATTERN_RUNS_EXCEEDED'],
  POISON_PILL: ['test/faults/poison-pill.test.ts', 'POISON_PILL'],
  FENCED: ['test/integration/runner-laws.test.ts', 'FENCED'],
  OFFSET_MISMATCH: ['test/integration/runner-laws.test.ts', 'OFFSET_MISMATCH'],
  TASK_HALTED: ['test/integration/wait-for.test.ts', 'resolves after resume'],
  TASK_PAUSED: ['test/integration/wait-for.test.ts', 'resolves after resume'],
  SET_ASIDE: ['test/integration/wait-for.test.ts', 'resolves after redrive'],
  STANDBY: ['test/faults/postgres-failover.test.ts', 'STANDBY'],
  SPLIT_BRAIN: ['test/faults/postgres-failover.test.ts', 'SPLIT_BRAIN'],
  DATABASE_UNAVAILABLE: ['test/integration/readmodel-connection.test.ts', 'DATABASE_UNAVAILABLE'],
  DATABASE_FAILED: ['test/integration/error-policies.test.ts', 'once the cause is gone'],
  WORKER_FAILED: ['test/faults/rebuild-workers.test.ts', 'WORKER_FAILED'],
  TIMEOUT: ['test/integration/readmodel.test.ts', 'times out saying where the projection stands'],
  CLOSED: ['test/integration/publisher.test.ts', 'CLOSED'],
  DATA_DIRECTORY_UNUSABLE: ['test/integration/cli-bad-input.test.ts', 'cannot be written'],
  PORT_IN_USE: ['test/integration/cli-bad-input.test.ts', 'a port that is in use'],
};

/**
 * Codes that pass by themselves, or that no command cures: the message, as the source has it, says
 * so.
 */
const WITHOUT_REMEDY: Partial<Record<ErrorCode, readonly [file: string, says: string]>> = {
  KEY_PROVIDER_FAILED: ['src/erasure/postgres/postgres-data-keys.ts', 'KEY_PROVIDER_FAILED'],
  FORGOTTEN: ['src/erasure/postgres/subject-keys.ts', 'FORGOTTEN'],
  REPAIR_REFUSED: ['src/runner/verify/repair.ts', 'REPAIR_REFUSED'],
  UNKNOWN_SUBJECT: ['src/registry/confluent/confluent-registry.ts', 'UNKNOWN_SUBJECT'],
  NOT_COPARTITIONED: ['src/runner/settings/topics-of.ts', 'Give the topics equal partition counts'],
  KAFKAJS_CHANGED: ['src/log/kafka/connection/kafka-connections.ts', 'KAFKAJS_CHANGED'],
  LEASED: ['src/runner/store/checkpoint-store.ts', 'It can be taken once that one ends'],
  NO_PROGRESS: ['src/runner/live/task-hosts.ts', 'The task restarts from there.'],
  NOT_VERIFIED: ['src/cli/terminal/catch-up.ts', 'see reprise status'],
  EMBEDDED_UNAVAILABLE: ['src/embedded/postgres-binaries.ts', 'EMBEDDED_UNAVAILABLE'],
};

function codes(): readonly string[] {
  const source = readFileSync(join(ROOT, 'src/reprise-error.ts'), 'utf8');
  const union = /export type ErrorCode =([^;]+);/.exec(source)?.[1] ?? '';
  return [...union.matchAll(/\| '([A-Z_]+)'/g)].map(([, code = '']) => code);
}

/** Codes that an operator walks through in `remedies-*.test.ts`. */
function walked(): ReadonlySet<string> {
  const folder = join(ROOT, 'test/integration');
  const files = readdirSync(folder).filter((file) => /^remedies-.+\.test\.ts$/.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8'));
  const found = texts.flatMap((text) => [
    ...text.matchAll(/remedy\(\s*'([A-Z_]+)'/g),
    ...text.matchAll(/^ +\['([A-Z_]+)', '|^ +\[\n +'([A-Z_]+)',/gm),
  ]);
  return new Set(found.map(([, one, other]) => one ?? other ?? ''));
}

describe('the table of remedies', () => {
  test('has one entry for every error code', () => {
    const entries = [...walked(), ...Object.keys(ELSEWHERE), ...Object.keys(WITHOUT_REMEDY)];
    expect(entries.toSorted((a, b) => a.localeCompare(b))).toEqual(
      codes().toSorted((a, b) => a.localeCompare(b)),
    );
  });

  test.each(Object.entries({ ...ELSEWHERE, ...WITHOUT_REMEDY }))(
    '%s is where it says',
    (code, [file, words]) => {
      expect(existsSync(join(ROOT, file)), file).toBe(true);
      const text = readFileSync(join(ROOT, file), 'utf8');
      expect(text).toContain(words);
      expect(text).toContain(code);
    },
  );
});
