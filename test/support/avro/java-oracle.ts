import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
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

/**
 * Asks Java's Avro all questions in one JVM; answers in the same order. @throws Error when the
 * program fails
 */
export async function askJava(
  classPath: string,
  questions: readonly Question[],
): Promise<readonly Answer[]> {
  const source = fileURLToPath(new URL('../AvroOracle.java', import.meta.url));
  const child = spawn('java', ['-Xmx512m', '-XX:+UseSerialGC', '-cp', classPath, source], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exit = new Promise<number | null>((resolve, reject) =>
    child.on('close', resolve).on('error', reject),
  );
  // A program that died early says why on its standard error, and the broken pipe adds nothing.
  child.stdin.on('error', () => undefined);
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
  const answers: Answer[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    answers.push(JSON.parse(line) as Answer);
  }
  const code = await exit;
  if (code !== 0) throw new Error(`AvroOracle exited with ${String(code)}: ${errors}`);
  return answers;
}
