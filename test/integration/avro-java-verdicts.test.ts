import { describe, expect, test } from 'vitest';
import { checkCompatibility } from '../../src/avro/compatibility/check-compatibility.ts';
import { isRepriseError } from '../../src/reprise-error.ts';
import { askJava, avroClassPath, type Question } from '../support/avro/java-oracle.ts';
import { Random } from '../support/avro/random.ts';
import { randomRecord } from '../support/avro/schema-generator.ts';
import { mutated } from '../support/avro/schema-mutation.ts';

const classPath = await avroClassPath();
const required = process.env['REPRISE_REQUIRE_KAFKA'] === '1';
const seed = Number(process.env['REPRISE_TEST_SEED'] ?? Date.now() % 1_000_000);
const pairs = Number(process.env['REPRISE_TEST_PAIRS'] ?? 21_500);

/**
 * Three in four pairs are a schema and its mutation, either way round; the rest have nothing to do
 * with each other.
 */
function pairOf(random: Random): Question {
  const one = randomRecord(random, 'verdicts');
  if (random.below(4) === 0) return { reader: one, writer: randomRecord(random, 'verdicts') };
  const other = mutated(random, one);
  return random.below(2) === 0 ? { reader: one, writer: other } : { reader: other, writer: one };
}

function ours(
  pair: Question,
): readonly { type: string; location?: string; message?: string }[] | null {
  try {
    return checkCompatibility(pair as Parameters<typeof checkCompatibility>[0]).incompatibilities;
  } catch (error) {
    if (isRepriseError(error, 'SCHEMA_INVALID')) return null;
    throw error;
  }
}

test('Java is there wherever a skip is a failure', () => {
  expect(required && classPath === undefined).toBe(false);
});

describe.skipIf(classPath === undefined)(`random pairs of schemas, seed ${seed}`, () => {
  test(`${pairs} pairs have the verdict, types, locations and messages of Java`, async () => {
    const random = new Random(seed);
    const questions = Array.from({ length: pairs }, () => pairOf(random));
    const answers = await askJava(classPath ?? '', questions);
    expect(answers).toHaveLength(pairs);
    const seen = new Map<string, number>();
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
    const disagreements: unknown[] = [];
    for (const [index, pair] of questions.entries()) {
      const java = answers[index]?.incompatibilities;
      const found = ours(pair);
      if (java === undefined || found === null) {
        count(java === undefined ? 'refused by Java' : 'refused by us');
        continue;
      }
      count(java.length === 0 ? 'compatible' : 'incompatible');
      for (const type of new Set(java.map((one) => one.type))) count(type);
      // Java's exception has no place of its own.
      const same =
        java[0]?.type === 'CHECKER_EXCEPTION'
          ? found[0]?.type === 'CHECKER_EXCEPTION'
          : JSON.stringify(found) === JSON.stringify(java);
      if (!same) disagreements.push({ pair, found, java });
    }
    console.log(`${JSON.stringify(Object.fromEntries(seen))}`);
    expect(disagreements.slice(0, 3).map((one) => JSON.stringify(one))).toEqual([]);
    const compared = (seen.get('compatible') ?? 0) + (seen.get('incompatible') ?? 0);
    // The rest is no schema for Java, or names a type before it defines it. Of the default number,
    // 20,000 are compared.
    expect(compared).toBeGreaterThan(pairs * 0.95);
    expect(seen.get('compatible')).toBeGreaterThan(pairs * 0.1);
    for (const type of [
      'NAME_MISMATCH',
      'FIXED_SIZE_MISMATCH',
      'MISSING_ENUM_SYMBOLS',
      'READER_FIELD_MISSING_DEFAULT_VALUE',
      'TYPE_MISMATCH',
      'MISSING_UNION_BRANCH',
      'CHECKER_EXCEPTION',
    ]) {
      expect.soft(seen.get(type), type).toBeGreaterThan(0);
    }
  });
});
