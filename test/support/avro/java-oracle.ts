import { askJavaProgram } from '../java-program.ts';
import { mavenClassPath } from '../maven-jars.ts';

/** A pair of schemas as JSON; with seed and count, also a wish for values. */
export interface Question {
  readonly reader: unknown;
  readonly writer: unknown;
  readonly seed?: number;
  readonly count?: number;
}

/**
 * One value: its bytes under the writer's schema, and what Java reads from them in canonical text,
 * or why it refuses.
 */
export interface JavaValue {
  readonly hex: string;
  readonly value?: unknown;
  readonly refused?: string;
}

/** What Java says of a pair. */
export interface Answer {
  /** Set when Java takes one of the two for no schema; the rest is then missing. */
  readonly noSchema?: string;
  readonly incompatibilities?: readonly { type: string; location?: string; message?: string }[];
  readonly values?: readonly JavaValue[];
}

/**
 * The class path of Java's Avro, fetched on first use; undefined without Java, or without the jars
 * and maven.
 */
export function avroClassPath(): Promise<string | undefined> {
  return mavenClassPath('avro', ['org.apache.avro:avro:1.12.1', 'org.slf4j:slf4j-nop:1.7.36']);
}

/** Asks Java's Avro all questions. @throws Error when the program fails */
export function askJava(
  classPath: string,
  questions: readonly Question[],
): Promise<readonly Answer[]> {
  const program = { name: 'AvroOracle', classPath, options: ['-Xmx512m'] };
  return askJavaProgram<Answer>(program, questions);
}
